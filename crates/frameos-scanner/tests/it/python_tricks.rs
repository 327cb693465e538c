//! Ways to hide from a scanner what a Python program reaches for, each with the rule that must see through it.

use crate::support::{each_has, scan_files};

#[test]
fn names_are_followed_wherever_they_are_bound() {
    each_has(
        "process-spawn",
        "main.py",
        &[
            "import os as o\nx = o.system\nx('ls')",
            "import os\n(lambda m: m.system('ls'))(os)",
            "import os\n(s := os.system)('ls')",
            "import os\nfor f in (os.system, print):\n    f('ls')",
            "import os\n[f('ls') for f in [os.system]]",
            "import os\nclass A:\n    run = os.system\nA.run('ls')",
            "import os\nclass A:\n    def __init__(self):\n        self.o = os\n    def go(self):\n        self.o.system('ls')",
            "import os\ndef f(o=os):\n    return o\nf().popen('ls')",
            "import os\ndef f(o):\n    o.system('ls')\nf(os)",
            "import os\ndef f():\n    return os\nf().system('ls')",
            "import os\na, b = os, 1\na.system('ls')",
            "import os\n[a, *b] = [os, 1]\na.system('ls')",
            "import os\ntools = {'a': os}\ntools['a'].system('ls')",
            "import os\ntools = {}\ntools['a'] = os\ntools['a'].system('ls')",
            "import os\nl = []\nl.append(os)\nl[0].system('ls')",
            "import os\nl = [os]\nl.pop().system('ls')",
            "import os\nx = os if a else None\nx.system('ls')",
            "import os\nx = None or os\nx.system('ls')",
            "try:\n    import os\nexcept ImportError:\n    os = None\nos.system('ls')",
            "import os\ndef f():\n    def g():\n        return os.system\n    return g\nf()()('ls')",
            "import os\nos.system.__call__('ls')",
            "import os\nwith open('a') as f, x() as y:\n    os.popen('ls')",
            "import os\nd = dict(a=os)\nd.get('a').system('ls')",
            "import os\nsetattr(x, 'o', os)\nx.o.system('ls')",
            "import os\nmatch 1:\n    case 1:\n        os.execv('a', [])",
            "import os\nasync def f():\n    await g(os.popen('x'))",
        ],
    );
}

#[test]
fn modules_are_found_behind_other_modules() {
    each_has(
        "process-spawn",
        "main.py",
        &[
            "import shutil as s\ns.os.system('ls')",
            "import random\nrandom._os.system('ls')",
            "from random import _os\n_os.system('ls')",
            "import logging\nlogging.os.popen('ls')",
            "import sys\nsys.modules['os'].system('ls')",
            "import sys\nsys.modules.get('os').system('ls')",
            "import sys\nsys.modules.__getitem__('os').system('ls')",
            "from sys import modules as m\nm['o' + 's'].system('ls')",
            "import sys\nm = sys.modules\ngetattr(m['os'], 'system')('ls')",
            "import typing\ntyping.sys.modules['os'].system('ls')",
            "import os\nvars(os)['system']('ls')",
            "import os\nos.__dict__.get('system')('ls')",
            "import os\nobject.__getattribute__(os, 'system')('ls')",
            "import os\nos.__getattribute__('system')('ls')",
            "import os, operator\noperator.attrgetter('system')(os)('ls')",
            "from operator import attrgetter as g\nimport os\ng('pop' + 'en')(os)('ls')",
            "import os, functools\nfunctools.partial(os.system, 'ls')()",
            "import os, functools\nfunctools.partial(getattr, os)('system')('ls')",
            "import os\nlist(map(os.system, ['ls']))",
            "import os\nglobals()['os'].system('ls')",
            "import os\nlocals()['os'].system('ls')",
            "import os\nvars()['os'].system('ls')",
            "import importlib as i\ni.import_module('subprocess').run('ls')",
            "from importlib import import_module\nimport_module(name='os').system('ls')",
            "import pydoc\npydoc.locate('subprocess.run')('ls')",
            "import pkgutil\npkgutil.resolve_name('subprocess:run')('ls')",
            "import asyncio.subprocess",
            "from os import (\n  system as s,\n)\ns('ls')",
            "import six.moves\nimport posix as p\np.system('ls')",
            "import inspect, os\ninspect.getattr_static(os, 'system')('ls')",
            "def f(): pass\nimport os\nf.__globals__['os'].system('ls')",
            "import sys\nsys.modules.copy()['os'].system('ls')",
            "import sys\ndict(sys.modules)['os'].system('ls')",
            "import sys\n(sys.modules | {})['os'].system('ls')",
            "import sys\ngetattr(sys, 'mod' + 'ules')['os'].system('ls')",
            "def f():\n    import os\n    return locals()\nimport os\nf()['os'].system('ls')",
            "class A:\n    import os\nA.os.system('ls')",
            "import os\nfor f in [lambda: os]:\n    f().system('ls')",
            "import platform\nplatform.subprocess.run('ls')",
            "import os\ndef f(**k):\n    k['m'].system('ls')\nf(m=os)",
            "import os\ndef f(*a):\n    a[0].system('ls')\nf(os)",
            "import unittest.mock as m\nm._importer('os').system('ls')",
            "from test.support import os\nos.system('ls')",
            "import os\nos.environ.__class__.__init__.__globals__['sys'].modules['os'].system('ls')",
            "import asyncio\nasyncio.get_event_loop().subprocess_shell(None, 'ls')",
            "import pip\npip.main(['install', 'x'])",
            "from os import path\npath.os.system('ls')",
            "import os\nnext(iter([os])).popen('ls')",
            "import os\nclass P:\n    @property\n    def s(self): return os.system\nP().s('ls')",
        ],
    );
    each_has(
        "dynamic-code",
        "main.py",
        &[
            "print.__self__.eval('1')",
            "getattr(print.__self__, 'ex' + 'ec')('1')",
            "__builtins__.__dict__['ev' + 'al']('1')",
            "import builtins\nvars(builtins)['eval']('1')",
            "import builtins\nbuiltins.__dict__['eval']('1')",
            "import builtins\nbuiltins.__dict__[name]('1')",
            "import sys\nsys.modules['builtins'].exec('1')",
            "import os\nos.__builtins__['eval']('1')",
            "f.__globals__['__builtins__']['eval']('1')",
            "().__class__.__base__.__subclasses__()[1].__init__.__globals__['__builtins__']['eval']('1')",
            "@exec\n@input\nclass X: pass",
            "for f in (eval,):\n    f('1')",
            "x = [eval][0]",
            "class A:\n    __getitem__ = exec\nA()['1']",
            "class M(type):\n    __getattr__ = lambda c, n: eval(n)",
            "from functools import reduce\nreduce(lambda a, b: b(a), ['1', eval])",
            "def f(g=eval):\n    g('1')",
            "import types\ntypes.FunctionType(types.CodeType(*x), {})",
            "f.__code__ = g.__code__",
            "import code\ncode.interact()",
            "import timeit\ntimeit.timeit('1')",
            "import timeit\nt = '1 + ' + '1'\ntimeit.Timer(stmt=t)",
            "import cProfile\ncProfile.run('f()')",
            "import pdb\npdb.run('1')",
            "import doctest\ndoctest.run_docstring_examples('>>> f()', {})",
            "import runpy\nrunpy.run_path('a')",
            "import imp\nimp.load_source('a', 'b')",
            "import zipimport",
            "import importlib.machinery as m\nm.SourceFileLoader('a', 'b').load_module()",
            "from importlib._bootstrap import _load",
            "__loader__.load_module('os')",
            "def f(x: \"__import__('os').system('ls')\"): pass",
            "x: 'eval(1)' = 1",
            "exec(open('a.txt').read())",
            "import logging.config\nlogging.config.listen()",
            "eval(compile('1', '', 'eval'))",
            "e\u{fb}\nｅval('1')",
            "import sys\nsys.exc_info()[2].tb_frame.f_globals['__builtins__']",
            "import site\nsite.addsitedir('x')",
        ],
    );
}

#[test]
fn constant_text_is_computed() {
    let hidden = [
        "'sys' + 'tem'",
        "'sys' 'tem'",
        "'metsys'[::-1]",
        "''.join(reversed('metsys'))",
        "'xsystemx'[1:-1]",
        "'sYsTeM'.lower()",
        "'-system-'.strip('-')",
        "'aystem'.replace('a', 's')",
        "'s{}tem'.format('ys')",
        "'{1}{0}'.format('tem', 'sys')",
        "'{a}tem'.format(a='sys')",
        "'%stem' % 'sys'",
        "'%s%s' % ('sys', 'tem')",
        "f'{\"sys\"}tem'",
        "f'{115:c}ystem'",
        "''.join(['s', 'y', 's', 't', 'e', 'm'])",
        "''.join(chr(c) for c in [115, 121, 115, 116, 101, 109])",
        "''.join([chr(c ^ 1) for c in (114, 120, 114, 117, 100, 108)])",
        "''.join(map(chr, [115, 121, 115, 116, 101, 109]))",
        "''.join(map(lambda c: chr(c - 1), [116, 122, 116, 117, 102, 110]))",
        "bytes([115, 121, 115, 116, 101, 109]).decode()",
        "bytearray((115, 121, 115, 116, 101, 109)).decode('ascii')",
        "bytes.fromhex('73797374656d').decode()",
        "__import__('base64').b64decode('c3lzdGVt').decode()",
        "base64.b64decode(b'c3lzdGVt').decode('utf-8')",
        "base64.b32decode('ON4XG5DFNU======').decode()",
        "base64.b85decode('b9r-gWo-').decode()",
        "codecs.decode('flfgrz', 'rot13')",
        "codecs.encode('flfgrz', 'rot_13')",
        "codecs.decode(b'73797374656d', 'hex').decode()",
        "binascii.unhexlify('73797374656d').decode()",
        "zlib.decompress(bytes.fromhex('789c2bae2c2e49cd0500097402a6')).decode()",
        "str(b'system', 'utf-8')",
        "'s\\x79stem'",
        "'\\u0073ystem'",
        "'a,system'.split(',')[1]",
        "{'a': 'system'}['a']",
        "('x', 'system')[1]",
        "'system' if True else 'x'",
        "chr(115) + chr(121) + 'stem'",
        "chr(int('115')) + 'ystem'",
        "chr(0x70 + 3) + 'ystem'",
        "'tsysem'.translate(str.maketrans('', '', 'z'))[1:4] + 'tem'",
        "'abacde'.translate(str.maketrans('abcde', 'sytem'))",
        "'pre_system'.removeprefix('pre_')",
        "str.join('', ['sys', 'tem'])",
        "''.join(sorted(['tem', 'sys']))",
        "('sys', 'tem')[0] + ('sys', 'tem')[-1]",
        "struct.pack('6B', 115, 121, 115, 116, 101, 109).decode()",
        "functools.reduce(lambda a, b: a + b, ['sys', 'tem'])",
        "operator.add('sys', 'tem')",
        "urllib.parse.unquote('%73ystem')",
        "(lambda a, b: a + b)('sys', 'tem')",
        "dec('tztufn')",
        "built",
        "looped()",
        "N1 + N2",
        "'sys%s' % T['x']",
    ];
    let prelude = "import os, base64, codecs, binascii, zlib, struct, functools, operator, urllib.parse\n\
        N1 = 'sys'\nN2 = N1 and 'tem'\nT = {'x': 'tem'}\n\
        def dec(s):\n    out = ''\n    for c in s:\n        out += chr(ord(c) - 1)\n    return out\n\
        built = ''\nfor c in [115, 121, 115, 116, 101, 109]:\n    built += chr(c)\n\
        def looped():\n    parts = []\n    i = 0\n    while i < 6:\n        parts.append('system'[i])\n        i = i + 1\n    return ''.join(parts)\n";
    let sources: Vec<String> =
        hidden.iter().map(|text| format!("{prelude}getattr(os, {text})('ls')\n")).collect();
    let mut wrong = Vec::new();
    for (source, text) in sources.iter().zip(hidden) {
        let report = scan_files(&[("main.py", source)]);
        let is_found = report
            .findings
            .iter()
            .any(|finding| finding.rule == "process-spawn" && finding.message.contains("os.system"));
        if !is_found {
            let found: Vec<_> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
            wrong.push(format!("{text} is {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "not seen through:\n{}", wrong.join("\n"));
}

#[test]
fn what_cannot_be_known_where_it_matters_is_a_finding() {
    each_has(
        "computed-module",
        "main.py",
        &[
            "import importlib\nimportlib.import_module(inputs['m'])",
            "__import__(input())",
            "import os\ngetattr(os, inputs['f'])()",
            "import os\ngetattr(os, __doc__)()",
            "import os\ngetattr(os, f.__name__)()",
            "import os\nlist(vars(os).values())[3]('ls')",
            "import os\nfor n in names:\n    getattr(os, n)()",
            "import importlib\ndef load(n):\n    return importlib.import_module('x' + n)",
            "import os\nprint(inspect.getmembers(os))",
            "import os\nos2 = wrap(os)",
            "import os\nglobals().update(vars(os))\nsystem('ls')",
            "import os, collections\ncollections.ChainMap(os.__dict__)['system']('ls')",
            "use(__import__('os'))",
            "import builtins as b\nuse(b)",
            "import inspect\n[v for n, v in inspect.getmembers(__import__('builtins')) if n == 'eval'][0]('1')",
        ],
    );
    each_has(
        "computed-global",
        "main.py",
        &[
            "globals()[name]('x')",
            "import sys\nfor m in sys.modules.values():\n    m.system('ls')",
            "import sys\nsys.modules[name].system('x')",
            "vars()[name]()",
        ],
    );
}

#[test]
fn native_code_and_files_are_found() {
    each_has(
        "native-loading",
        "main.py",
        &[
            "import ctypes.util",
            "__import__('ctypes').CDLL('x')",
            "from importlib.machinery import ExtensionFileLoader",
            "import _imp\n_imp.create_dynamic(s)",
            "import numpy.ctypeslib",
            "import importlib\nimportlib.import_module('_ctypes')",
            "import sqlite3\nsqlite3.connect(':memory:').load_extension('x')",
        ],
    );
    each_has(
        "file-system",
        "main.py",
        &[
            "o = open\no('a')",
            "import builtins\nbuiltins.open('a')",
            "import codecs\ncodecs.open('a')",
            "import zipfile\nzipfile.ZipFile('a.zip')",
            "import tarfile\ntarfile.open('a.tar')",
            "import tarfile\ntarfile.open(x).extractall()",
            "import zipfile, io\nwith zipfile.ZipFile(io.BytesIO(x)) as z:\n    z.extractall('a')",
            "import sqlite3\nsqlite3.connect('a.db')",
            "import mmap",
            "from pathlib import Path as P\nP.home()",
            "import os\nos.walk('/')",
            "import shutil\nshutil.rmtree('/')",
            "import glob\nglob.glob('*')",
            "import linecache\nlinecache.getline('a', 1)",
            "import _io\n_io.FileIO('a')",
        ],
    );
    each_has(
        "unsafe-deserialization",
        "main.py",
        &[
            "import yaml\nyaml.load(x)",
            "import yaml\nyaml.load(x, Loader=yaml.Loader)",
            "import yaml\nyaml.unsafe_load(x)",
            "import torch\ntorch.load(x)",
            "import numpy as np\nnp.load(x, allow_pickle=True)",
            "import joblib\njoblib.load(x)",
            "import jsonpickle\njsonpickle.decode(x)",
            "import shelve\nshelve.open('a')",
            "from dill import loads",
            "import cloudpickle as c\nc.loads(x)",
            "import pandas\npandas.read_pickle('x')",
            "import marshal\nmarshal.loads(x)",
            "from _pickle import loads",
        ],
    );
    each_has(
        "worker-processes",
        "main.py",
        &["import multiprocessing as m", "from multiprocessing import Pool"],
    );
    each_has(
        "builtins-changed",
        "main.py",
        &[
            "import builtins\nbuiltins.open = f",
            "import builtins\nsetattr(builtins, 'print', f)",
            "import builtins\nbuiltins.__dict__['print'] = f",
            "import sys\nsys.modules['json'] = fake",
        ],
    );
    each_has(
        "introspection",
        "main.py",
        &["import gc\ngc.get_objects()", "import inspect\ninspect.currentframe()"],
    );
}

#[test]
fn code_made_unreadable_is_told() {
    let chars = "x = chr(105) + chr(109) + chr(112) + chr(111) + chr(114) + chr(116) + chr(101) + chr(118) + chr(97) \
        + chr(108) + chr(97) + chr(98) + chr(99)";
    each_has(
        "obfuscated-code",
        "main.py",
        &[
            "import base64\nexec(base64.b64decode('cHJpbnQoMSk='))",
            "exec(__import__('zlib').decompress(__import__('base64').b64decode('eJw=')))",
            "_ = lambda __ : __import__('zlib').decompress(__import__('base64').b64decode(__[::-1]));exec((_)(b'xx'))",
            "import marshal\nexec(marshal.loads(b'\\xe3\\x00\\x00\\x00\\x00\\x00\\x00\\x00'))",
            "exec(bytes.fromhex('7072696e74283129'))",
            "import codecs\nexec(codecs.decode('cevag(1)', 'rot13'))",
            "exec(')1(tnirp'[::-1])",
            "exec(''.join(chr(c) for c in [112, 49]))",
            "import lzma, base64\ncode = base64.b85decode('xxx')\ncode = lzma.decompress(code)\neval(compile(code, '', 'exec'))",
            "from pytransform import pyarmor\n__pyarmor__(__name__, __file__, b'\\x00', 1)",
            chars,
            "O00O = 1\nOO00OO00 = 1\nO0O0O0O0 = 2\nOO00O0O0 = 3\nO0OOO0O0 = OO00OO00",
            "# coding: utf-7\nx = 1",
            "#!/usr/bin/python\n# -*- coding: rot13 -*-\nx = 1",
            "# vim: set fileencoding=unicode_escape :\nx = 1",
        ],
    );
}

#[test]
fn messages_say_what_was_seen_and_what_it_is() {
    let message = |text: &str| scan_files(&[("main.py", text)]).findings[0].message.clone();
    let found = message("import os\ngetattr(os, 'sys' + 'tem')('ls')");
    assert!(found.starts_with("`getattr(os, 'sys' + 'tem')` resolves to os.system"), "{found}");
    let found = message("import importlib\nimportlib.import_module('ssecorpbus'[::-1])");
    assert!(
        found.starts_with("`importlib.import_module('ssecorpbus'[::-1])` resolves to the module subprocess"),
        "{found}"
    );
    let found = message("import importlib\nimportlib.import_module(inputs['name'])");
    assert!(found.contains("`inputs['name']`"), "{found}");
    let found = message("print 'a'");
    assert!(found.contains("Python 2"), "{found}");
}

#[test]
fn hooks_and_unusual_syntax_hide_nothing() {
    each_has(
        "process-spawn",
        "main.py",
        &[
            "import os, atexit\natexit.register(os.system, 'ls')",
            "import os, threading\nthreading.Timer(1, os.system, ['ls']).start()",
            "import os, signal\nsignal.signal(signal.SIGALRM, lambda s, f: os.system('ls'))",
            "import os, weakref\nweakref.finalize(x, os.system, 'ls')",
            "import os, re\nre.sub('.*', lambda m: os.popen(m[0]).read(), 'ls')",
            "import os\nclass M(type):\n    @classmethod\n    def __prepare__(c, n, b):\n        os.system('ls')\n        return {}",
            "import os\nclass A:\n    def __init_subclass__(cls, f=os.system):\n        f('ls')",
            "import os\nT = {'run': os.system}\n@T['run']\ndef f(): pass",
            "import os\ndef f[T = os.system]():\n    T('ls')",
            "import os\ntype X[T = os.system] = T",
            "import os\nmatch os:\n    case m:\n        m.system('ls')",
            "import os\nmatch {'a': os.system}:\n    case {'a': f}:\n        f('ls')",
            "import os\n[y('ls') for x in [1] if (y := os.system)]",
            "import os\n(*_, f) = (1, os.system)\nf('ls')",
            "import os\nf, *g = [os.popen]\nf('ls')",
            "import os\nprint(*map(os.system, ['ls']))",
            "import os\nx = f'{os.popen(\"ls\").read()!r}'",
            "import os\ntype('A', (), {'run': staticmethod(os.system)}).run('ls')",
            "import os\nclass D:\n    def __get__(self, i, o): return os.system\nclass A:\n    run = D()\nA().run('ls')",
            "import os\nasync def f():\n    async with c as x:\n        await g(os.system('ls'))",
            "import os\nsorted(['ls'], key=os.system)",
            "import os\ntry:\n    1 / 0\nexcept* ZeroDivisionError:\n    os.system('ls')",
            "import os\nlambda: (yield os.system('ls'))",
            "from os import system as print\nprint('ls')",
            "import os\nos.environ.update(x=os.popen('ls'))",
            "import concurrent.futures as c\nimport os\nc.ThreadPoolExecutor().submit(os.system, 'ls')",
            "import asyncio, os\nasyncio.to_thread(os.system, 'ls')",
            "import sched, os\nsched.scheduler().enter(1, 1, os.system, ('ls',))",
            "import os\nwith x as os.path.y:\n    pass\nos.execv('/bin/sh', [])",
            "import contextlib, os\ns = contextlib.ExitStack()\ns.callback(os.system, 'ls')",
            "import os\nclass A:\n    def __class_getitem__(c, i): return os.system(i)\nA['ls']",
            "import os\ndef d(f): return os.system\n@d\ndef run(x): pass\nrun('ls')",
            "import webbrowser\nwebbrowser.open('file:///a')",
            "import os\no, = [os]\no.system('ls')",
            "import os\nfor i, m in enumerate([os]):\n    m.system('ls')",
            "import os\nfor a, b in zip([os], ['ls']):\n    a.system(b)",
            "import os\nd = dict(m=os)\nd['m'].system('ls')",
            "import os\nd = {}\nd['m'] = os\nd.get('m').system('ls')",
            "import os\nexec_ = vars(os).get('system')\nexec_('ls')",
            "import os\nprint(os.spawnlp)",
            "import os\ndef parts(p):\n    out = []\n    while True:\n        p, n = os.path.split(p)\n        out.append(n)\n        if not os.path.exists(p):\n            break\n    return '.'.join(out)\nf = 'sys'\nwhile len(f) < 6:\n    f += 'tem'\ngetattr(os, f)(parts(x))",
            "import logging.config as c\nc.dictConfig({'handlers': {'h': {'()': 'os.system'}}})",
            "import logging.config as c\nc.dictConfig({'handlers': [{'x': 'ext://subprocess.run'}]})",
        ],
    );
    each_has(
        "dynamic-code",
        "main.py",
        &[
            "import atexit\natexit.register(exec, 'x')",
            "import importlib.util as u\ns = u.spec_from_file_location('a', 'b')",
            "import sys\nsys._getframe(0).f_builtins['eval']('1')",
            "import builtins as b\nmatch b.exec:\n    case f:\n        f('1')",
            "def f[T: eval]():\n    pass",
            "import inspect\ninspect.builtins.exec('1')",
            "class A:\n    __class_getitem__ = eval\nA['1']",
            "class A(metaclass=lambda n, b, d: exec(n)):\n    pass",
            "import types\nm = types.ModuleType('m')\nexec('x = 1', m.__dict__)",
            "import ast\neval(compile(ast.parse('1'), '', 'exec'))",
            "import gettext\nf = gettext.c2py('n')\nimport dis, types\ntypes.FunctionType(f.__code__.replace(co_consts=()), {})",
            "import pydoc\nf = pydoc.locate('builtins.eval')",
            "import codecs\ncodecs.builtins.eval('1')",
        ],
    );
    each_has(
        "native-loading",
        "main.py",
        &[
            "import multiprocessing.sharedctypes as s\ns.ctypes.CDLL('x')",
            "import uuid\nuuid.ctypes.CDLL('x')",
        ],
    );
    each_has(
        "file-system",
        "main.py",
        &[
            "import codecs as c\nc.open('a')",
            "import tokenize\ntokenize.open('a')",
            "import os\nos.fdopen(0)",
            "import bz2\nbz2.BZ2File('a')",
            "import gzip\ngzip.GzipFile('a')",
            "import logging\nlogging.FileHandler('a')",
            "import logging.handlers as h\nh.RotatingFileHandler('a')",
        ],
    );
    each_has(
        "computed-module",
        "main.py",
        &[
            "import os\nfrom types import SimpleNamespace as N\nN(m=os).m.system('ls')",
            "import os\nfrom collections import namedtuple\nP = namedtuple('P', 'm')\nP(os).m.system('ls')",
        ],
    );
    each_has(
        "introspection",
        "main.py",
        &[
            "import string\nstring.Formatter().get_field('0.__globals__[__builtins__][eval]', (f,), {})",
            "'{0.__class__.__init__.__globals__[__builtins__][exec]}'.format(x)",
        ],
    );
    each_has(
        "module-tampering",
        "main.py",
        &[
            "import sys\nsys.meta_path.insert(0, Finder())",
            "import sys\nsys.path_hooks.append(hook)",
            "import importlib.abc\nclass L(importlib.abc.InspectLoader):\n    pass",
        ],
    );
    crate::support::each_is_clean(
        "main.py",
        &[
            "# Functions have __globals__.\nx = 'modules have __builtins__'",
            "import logging.config\nlogging.config.dictConfig({'formatters': {'f': {'()': 'mine.Formatter'}}})",
        ],
    );
}
