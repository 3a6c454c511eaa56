"""Starts awslambdaric as the managed runtime does: the function's code first, and no packages of the interpreter.

The interpreter runs with ``-S``, so that neither its site-packages nor a ``.pth`` file of the author's machine counts.
"""

from __future__ import annotations

import importlib
import os
import site
import sys

site.setquit()
site.setcopyright()
site.sethelper()
if len(sys.argv) > 1:  # address, port and the folder of debugpy; the rest of that folder is not for the function
    host, port, folder = sys.argv[1:]
    sys.path.append(folder)
    debugpy = importlib.import_module("debugpy")
    sys.path.remove(folder)
    debugpy.listen((host, int(port)))
    debugpy.wait_for_client()
sys.path[:] = [os.environ["LAMBDA_TASK_ROOT"], *sys.path[1:]]
sys.argv[:] = ["awslambdaric", os.environ["_HANDLER"]]

importlib.import_module("awslambdaric.__main__").main(sys.argv)
