//! Rules on Python: what must be found however it is written, and what must not.

use frameos_domain::scan::Verdict;

use crate::support::{each_is, each_is_clean, rules, scan_files};

#[test]
fn dynamic_code_is_found_however_it_is_written() {
    each_is(
        "dynamic-code",
        "main.py",
        &[
            "eval('1')",
            "exec(code)",
            "compile('1', 'f', 'eval')",
            "__import__('js' + 'on')",
            "f = __import__",
            "e = eval\ne('1')",
            "list(map(eval, codes))",
            "import builtins\nbuiltins.eval('1')",
            "import builtins as b\ngetattr(b, 'ev' + 'al')('1')",
            "getattr(__builtins__, name)('1')",
            "__builtins__.eval('1')",
            "__builtins__['eval']('1')",
            "globals()['__builtins__']['eval']('1')",
            "from builtins import eval as e\ne('1')",
            "import types\ntypes.FunctionType(c, {})",
            "import importlib.util\nimportlib.util.spec_from_file_location('a', 'b')",
            "import runpy",
            "import code",
            "if 0:\n    eval = len\neval('1')",
            "def eval(x): pass\ndel eval\neval('1')",
            "def f():\n    return eval",
            "x = lambda: exec('1')",
            "@eval\ndef f(): pass",
            "vars(__builtins__)['ex' 'ec']('1')",
        ],
    );
}

#[test]
fn processes_files_and_native_code_are_found() {
    each_is(
        "process-spawn",
        "main.py",
        &[
            "import subprocess",
            "import subprocess as s\ns.run('ls')",
            "from subprocess import run, PIPE",
            "import sys\no = sys\nif x:\n    import os as o\no.system('ls')",
            "import pty",
            "import os\nos.system('ls')",
            "import os as o\no.popen('ls')",
            "from os import system\nsystem('ls')",
            "from os import *\nsystem('ls')",
            "import os\ngetattr(os, 'sys' + 'tem')('ls')",
            "import os\no = os\no.execv('a', [])",
            "import os\nos.__dict__['system']('ls')",
            "import sys\nsys.modules['os'].system('ls')",
            "import importlib\nimportlib.import_module('subprocess')",
            "import importlib\nimportlib.import_module('ssecorpbus'[::-1])",
            "import importlib\nimportlib.import_module('os').system('ls')",
            "import posix\nposix.fork()",
            "import asyncio\nasyncio.create_subprocess_shell('ls')",
            "def f():\n    import os\n    os.spawnl(0, 'a')",
            "def f():\n    global o\n    import os as o\ndef g():\n    o.system('ls')",
            "import os\nn = 'system'\ngetattr(os, n)('ls')",
        ],
    );
    each_is(
        "file-system",
        "main.py",
        &[
            "open('a')",
            "with open('a', 'w') as f:\n    f.write('x')",
            "import io\nio.open('a')",
            "import os\nos.remove('a')",
            "from os import listdir",
            "import shutil\nshutil.rmtree('a')",
            "from pathlib import Path\nPath('a').write_text('x')",
            "import pathlib\npathlib.Path.home()",
            "import tempfile",
        ],
    );
    each_is("native-loading", "main.py", &["import ctypes", "from ctypes import cdll", "import cffi"]);
}

#[test]
fn modules_only_known_at_run_time_and_escaping_modules_are_found() {
    each_is(
        "computed-module",
        "main.py",
        &[
            "import importlib\nimportlib.import_module(name)",
            "import os\nrun(os)",
            "import os\ntools = {'o': os}",
            "import os\ngetattr(os, name)('x')",
            "import os\nclass A:\n    def __init__(self):\n        self.o = os",
        ],
    );
}

#[test]
fn what_a_person_should_look_at_is_flagged() {
    each_is(
        "unsafe-deserialization",
        "main.py",
        &["import pickle\npickle.loads(b)", "from marshal import loads"],
    );
    each_is(
        "introspection",
        "main.py",
        &[
            "().__class__.__base__.__subclasses__()",
            "f.__globals__['x']",
            "import sys\nsys._getframe()",
            "getattr(f, '__globals__')",
        ],
    );
    each_is("hashing", "main.py", &["import hashlib\nhashlib.sha256(b)", "from hashlib import md5"]);
    each_is(
        "network-library",
        "main.py",
        &[
            "import requests",
            "import urllib.request",
            "from urllib import request",
            "import socket",
            "import urllib\nurllib.request.urlopen(u)",
        ],
    );
    assert_eq!(scan_files(&[("main.py", "import pickle\npickle.loads(b)")]).verdict, Verdict::Flag);
    assert_eq!(scan_files(&[("main.py", "import requests")]).verdict, Verdict::Pass);
}

#[test]
fn honest_code_has_no_findings() {
    each_is_clean(
        "main.py",
        &[
            "import os, json, re, sys, math, datetime, decimal, collections, itertools\nos.environ['INPUT_NAME']",
            "import os\nprint(os.environ.get('FRAMEOS_INPUTS'), os.path.join('a', 'b'), os.linesep, os.getenv('X'))",
            "from os import environ, path\nenviron['A']",
            "from os.path import join\njoin('a')",
            "import re\nP = re.compile('a')\nP.match('b')",
            "from re import compile\ncompile('a')",
            "# eval('x')\ns = \"exec('x'); import subprocess\"",
            "def eval(x):\n    return x\neval(1)",
            "def f(open):\n    return open('a')",
            "class Door:\n    def open(self): pass\nDoor().open()",
            "model.eval()\nframe.eval('a')\ndb.execute('x')",
            "def main(inputs, ctx):\n    ctx.log('hi')\n    return {'n': len(inputs['text'])}",
            "from pathlib import PurePath\nPurePath('a/b').name",
            "from urllib.parse import urlparse\nurlparse('https://x')",
            "import types\nisinstance(x, types.FunctionType)",
            "import hmac\nhmac.compare_digest('a', 'b')",
            "from .os import system\nsystem('x')",
            "x = [open for open in range(3)]",
            "getattr(obj, name)\ngetattr(obj, 'size', 0)\nhasattr(str, 'x')",
            "print(f'{1 + 1!r:>{5}}')\nmatch x:\n    case {'a': [b, *c], **d}: pass",
            "import importlib.metadata\nimportlib.metadata.version('x')",
            "type X[T] = list[T]\ndef f[T](x: T) -> T: return x",
        ],
    );
}

#[test]
fn obfuscation_is_found() {
    let escaped = r"s = '\x69\x6d\x70\x6f\x72\x74\x20\x6f\x73\x65\x76\x61\x6c\x61\x62\x63\x64'";
    let named = "IlIlIlIl = 1\nlIlIlIlI = 2\nIIllIIll = 3\nllIIllII = IlIlIlIl + lIlIlIlI";
    each_is("obfuscated-code", "main.py", &[escaped, named]);
    each_is_clean(
        "main.py",
        &[r"p = r'\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4a\x4b\x4c\x4d\x4e\x4f\x50\x51'"],
    );
}

#[test]
fn a_file_that_does_not_parse_is_never_passed() {
    each_is(
        "unparsable",
        "main.py",
        &["def f(:", "print 'a'", "  x = 1\n y = 2", "'open", "# coding: my-own\nx = 1", "x = (1", "x = 1\0"],
    );
    let report = scan_files(&[("main.py", "x = 1\ny = = 2\n")]);
    assert_eq!((report.findings[0].line, report.findings[0].snippet.as_str()), (2, "y = = 2"));
}

#[test]
fn the_first_place_of_a_finding_is_exact() {
    let report = scan_files(&[("main.py", "import os\n\ndef f():\n    x = os.system('ls')\n")]);
    let [finding] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
    assert_eq!((finding.line, finding.column, finding.snippet.as_str()), (4, 12, "x = os.system('ls')"));
    assert_eq!(
        rules("main.py", "import os\nos.system('a'); os.system('b')"),
        ["process-spawn", "process-spawn"]
    );
}
