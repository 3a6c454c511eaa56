"""Names of the modules that Lambda's runtimes bring.

Lambda puts the plugin's folder first on the module path, so a file or package of the plugin with the
same name replaces them. Sources: ``sys.stdlib_module_names`` of CPython 3.10 to 3.13, and the lists that
the package ``stdlibs`` 2026.9.3 makes from CPython's releases for 3.9 and 3.14; the contents of
``awslambdaric`` and ``aws-lambda-ric`` and of the runtimes' ``/var/runtime``;
https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html (the included SDK).
"""

from __future__ import annotations

from functools import cache

AS_OF = "2026-11-28"

PYTHON_RUNTIME_MODULES = frozenset(
    {
        "awslambdaric",
        "bootstrap",
        "lambda_internal",
        "runtime_client",
        "simplejson",
        "snapshot_restore_py",
    }
)
"""Top-level names of Lambda's own client for Python, in addition to ``standard_library``."""

PYTHON_SDK_MODULES = frozenset({"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"})
"""Top-level names of the AWS SDK and its dependencies. Every Python runtime has them, and AWS updates them
at any time, so a plugin may bring its own versions."""

NODE_RUNTIME_MODULES = frozenset({"aws-lambda-ric"})
"""Names in ``node_modules``."""

NODE_BUILTINS = frozenset(
    [
        "assert",
        "async_hooks",
        "buffer",
        "child_process",
        "cluster",
        "console",
        "constants",
        "crypto",
        "dgram",
        "diagnostics_channel",
        "dns",
        "domain",
        "events",
        "fs",
        "http",
        "http2",
        "https",
        "inspector",
        "module",
        "net",
        "os",
        "path",
        "perf_hooks",
        "process",
        "punycode",
        "querystring",
        "readline",
        "repl",
        "sea",
        "sqlite",
        "stream",
        "string_decoder",
        "sys",
        "test",
        "timers",
        "tls",
        "trace_events",
        "tty",
        "url",
        "util",
        "v8",
        "vm",
        "wasi",
        "worker_threads",
        "zlib",
    ]
)
"""First parts of the names of Node.js's own modules, with and without ``node:``: ``module.builtinModules`` of
Node.js 20 and 24."""

NODE_SDK_SCOPES = ("@aws-sdk", "@smithy")
"""Scopes of the AWS SDK for JavaScript v3, which the runtimes have from nodejs18.x on; nodejs16.x has ``aws-sdk``
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html)."""

_STANDARD_LIBRARY = {
    (9, 14): """
        __future__ _abc _aix_support _ast _asyncio _bisect _blake2 _bz2 _codecs _codecs_cn _codecs_hk
        _codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw _collections _collections_abc _compat_pickle
        _contextvars _csv _ctypes _curses _curses_panel _datetime _dbm _decimal _elementtree _frozen_importlib
        _frozen_importlib_external _functools _gdbm _hashlib _heapq _imp _io _json _locale _lsprof _lzma
        _markupbase _md5 _multibytecodec _multiprocessing _opcode _operator _osx_support _overlapped _pickle
        _posixshmem _posixsubprocess _py_abc _pydecimal _pyio _queue _random _scproxy _sha1 _sha3 _signal
        _sitebuiltins _socket _sqlite3 _sre _ssl _stat _statistics _string _strptime _struct _symtable _thread
        _threading_local _tkinter _tracemalloc _uuid _warnings _weakref _weakrefset _winapi _zoneinfo abc
        antigravity argparse array ast asyncio atexit base64 bdb binascii bisect builtins bz2 cProfile calendar
        cmath cmd code codecs codeop collections colorsys compileall concurrent configparser contextlib
        contextvars copy copyreg csv ctypes curses dataclasses datetime dbm decimal difflib dis doctest email
        encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools
        gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib
        imaplib importlib inspect io ipaddress itertools json keyword linecache locale logging lzma mailbox
        marshal math mimetypes mmap modulefinder msvcrt multiprocessing netrc nt ntpath nturl2path numbers
        opcode operator optparse os pathlib pdb pickle pickletools pkgutil platform plistlib poplib posix
        posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random
        re readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal
        site smtplib socket socketserver sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string
        stringprep struct subprocess symtable sys sysconfig syslog tabnanny tarfile tempfile termios textwrap
        this threading time timeit tkinter token tokenize trace traceback tracemalloc tty turtle turtledemo
        types typing unicodedata unittest urllib uuid venv warnings wave weakref webbrowser winreg winsound
        wsgiref xml xmlrpc zipapp zipfile zipimport zlib zoneinfo
    """,
    (9, 9): "_bootlocale _peg_parser formatter parser symbol",
    (9, 10): "binhex",
    (9, 11): "_bootsubprocess _sha256 _sha512 asynchat asyncore distutils imp smtpd",
    (9, 12): """
        _crypt _msi aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev
        pipes sndhdr spwd sunau telnetlib uu xdrlib
    """,
    (9, 13): "_compression",
    (11, 14): "_tokenize _typing tomllib",
    (12, 14): "_pydatetime _pylong _sha2",
    (13, 14): """
        _android_support _colorize _interpchannels _interpqueues _interpreters _ios_support _opcode_metadata
        _pyrepl _suggestions _sysconfig _wmi
    """,
    (14, 14): """
        _apple_support _ast_unparse _hmac _py_warnings _remote_debugging _types _zstd annotationlib compression
    """,
}
"""(first, last) minor version of Python 3 that has the names -> top-level names, without CPython's own tests."""


@cache
def standard_library(version: str) -> frozenset[str]:
    """The top-level module names of Python's standard library.

    Args:
        version: The runtime's version of Python, such as ``3.13``. The answer is exact for 3.9 to 3.14.
    """
    minor = int(version.split(".")[1])
    return frozenset(
        name for (first, last), names in _STANDARD_LIBRARY.items() if first <= minor <= last for name in names.split()
    )
