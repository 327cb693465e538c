//! Honest Python that looks a little like what rules are about.

use crate::support::{each_is_clean, none_is_rejected};

#[test]
fn honest_code_is_not_rejected() {
    none_is_rejected(
        "main.py",
        &[
            "import importlib\nimportlib.import_module('json')",
            "import importlib\nimportlib.import_module('.x', __package__)",
            "try:\n    import simplejson as json\nexcept ImportError:\n    import json",
            "import sys\nsys.modules[__name__]",
            "import sys\nif 'numpy' in sys.modules:\n    pass",
            "import os\nif os is None:\n    pass",
            "import os\nprint(hasattr(os, 'fork'))",
            "import os\ngetattr(os, 'cpu_count', None)",
            "import os\nN = {'a': 'sep', 'b': 'linesep'}\ngetattr(os, N['a'])",
            "import io\nio.BytesIO(b'x').read()",
            "import io\nb = io.StringIO()\nb.write('x')",
            "import zipfile, io\nzipfile.ZipFile(io.BytesIO(data)).namelist()",
            "import sqlite3\nsqlite3.connect(':memory:')",
            "import yaml\nyaml.safe_load(x)",
            "import yaml\nyaml.load(x, Loader=yaml.SafeLoader)",
            "import torch\ntorch.load(x, weights_only=True)",
            "import numpy as np\nnp.load(x)",
            "import base64\nprint(base64.b64decode(inputs['x']).decode())",
            "import zlib, base64\nTABLE = zlib.decompress(base64.b64decode('eJwDAAAAAAE='))",
            "import hashlib\nhashlib.sha256(b'x').hexdigest()",
            "import functools\n@functools.wraps(f)\ndef g(): pass",
            "import functools\n@functools.lru_cache(maxsize=None)\ndef g(x): return x",
            "from dataclasses import dataclass, field\n@dataclass\nclass A:\n    x: list = field(default_factory=list)",
            "import collections\nP = collections.namedtuple('P', 'x y')",
            "import typing\ntyping.get_type_hints(f)",
            "def f(x: 'list[int]') -> 'dict[str, int]': return {}",
            "class A:\n    def __getattr__(self, name):\n        return getattr(self._inner, name)",
            "class A:\n    def compile(self): pass\n    def eval(self): return self.compile()",
            "import re\npattern = re.compile(r'\\x41+')",
            "import threading\nthreading.Thread(target=f).start()",
            "from concurrent.futures import ThreadPoolExecutor",
            "import asyncio\nasyncio.run(main())",
            "import subprocess_tee_like_name as s",
            "import random\nrandom.choice([1, 2])",
            "import struct\nstruct.pack('<I', 1)",
            "if __name__ == '__main__':\n    import doctest\n    doctest.testmod()",
            "import ast\nast.literal_eval('[1]')",
            "import inspect\ninspect.signature(f)",
            "import pickle\npickle.dumps(x)",
            "import marshal\nmarshal.dumps(x)",
            "x = ''.join(chr(c) for c in range(97, 123))",
            "NEWLINE, TAB, ESC = chr(10), chr(9), chr(27)",
            "s = '\\x1b[31mred\\x1b[0m'",
            "import string\nstring.ascii_letters[::-1]",
            "text[::-1]",
            "import operator\nsorted(x, key=operator.attrgetter('name'))",
            "import operator\nsorted(x, key=operator.itemgetter(1))",
            "import logging\nlogging.getLogger(__name__).info('os.system')",
            "'''A docstring with exec(\"x\") and __import__('os').system('ls')'''",
            "import itertools\nlist(itertools.chain([1], [2]))",
            "import os\nos.environ.setdefault('A', 'b')",
            "import os\nfor key, value in os.environ.items():\n    print(key)",
            "import sys\nsys.path.insert(0, 'lib')",
            "import sys\nsys.exit(0)",
            "import time, timeit\ntimeit.default_timer()",
            "import timeit\ntimeit.timeit(lambda: f(), number=3)",
            "# coding: latin-1\nx = 'a'",
            "# -*- coding: utf-8 -*-\nx = 'é'",
            "\u{feff}x = 1",
            "x = 1\n\u{c}\ndef f():\n\treturn 1\n",
            "import urllib.parse\nurllib.parse.unquote('%41')",
            "def open(x): return x\nopen('a')",
            "from mymodule import open\nopen('a')",
            "import copy\ncopy.deepcopy(x)",
            "class Meta(type):\n    def __new__(m, n, b, d): return type.__new__(m, n, b, d)",
            "T = type('T', (object,), {'x': 1})",
            "try:\n    pass\nexcept* ValueError as e:\n    pass",
            "type Pair[T] = tuple[T, T]\ndef f[T: int = bool](x: T): return f'{x!r:{'>'}{10}} {'a' 'b'}'",
            "match command.split():\n    case ['go', ('a' | 'b') as where, *rest] if rest: pass\n    case {'x': 1, **other}: pass\n    case Point(x=0): pass",
            "async def f():\n    async for x in y:\n        yield x\n    async with a as b, c as d: pass",
            "x = lambda *a, k=1, **kw: (yield)",
            "print(*[1], **{}, sep='')\nassert (y := 1)\ndel y",
        ],
    );
}

#[test]
fn minified_code_is_not_rejected() {
    let minified = "import json as A,re as B\nC=None\ndef D(a,b=C,*c,**d):\n\tE=[]\n\tfor f in a:\n\t\tif f:E.append(B.sub('x','y',f))\n\treturn A.dumps({'a':E,'b':b})\nclass F:\n\t__slots__='a',\n\tdef __init__(A,a):A.a=a\n\tdef g(A):B=A.a;C=B+1;return C\n";
    none_is_rejected("main.py", &[minified, &minified.repeat(40)]);
    each_is_clean("main.py", &[minified]);
}

#[test]
fn modules_of_the_own_package_may_be_chosen_at_run_time() {
    let files = [
        (
            "pkg/__init__.py",
            "import importlib\ndef load(name):\n    return importlib.import_module(f'pkg.parts.{name}')\n",
        ),
        ("pkg/parts/a.py", "x = 1\n"),
        (
            "pkg/b.py",
            "import importlib\ndef load(name):\n    return importlib.import_module('.parts.' + name, __package__)\n",
        ),
    ];
    let report = crate::support::scan_files(&files);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn old_encodings_are_read() {
    let bytes = b"# coding: latin-1\nname = 'caf\xe9'\nimport os\nos.system('ls')\n".to_vec();
    let bundle = frameos_scanner::bundle::Bundle::from_files([("main.py".to_owned(), bytes)]).expect("valid");
    let rules: Vec<_> = frameos_scanner::scan(&bundle).findings.into_iter().map(|found| found.rule).collect();
    assert_eq!(rules, ["process-spawn"]);
}
