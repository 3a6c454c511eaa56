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
here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib takes 10 ms to import
sys.path[:] = [os.environ["LAMBDA_TASK_ROOT"], *(path for path in sys.path if path != here)]
sys.argv[:] = ["awslambdaric", os.environ["_HANDLER"]]

importlib.import_module("awslambdaric.__main__").main(sys.argv)
