//! Every error code has its page, and no page is left over.

use std::{collections::BTreeSet, path::Path};

use frameos_contract::ErrorCode;

#[test]
fn codes_and_pages_agree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let pages: BTreeSet<String> = std::fs::read_dir(&folder).unwrap().map(name).collect();
    let codes: BTreeSet<String> = ErrorCode::ALL.iter().map(|known| format!("{}.md", known.code)).collect();
    assert_eq!(pages, codes);
    for known in ErrorCode::ALL {
        let page = std::fs::read_to_string(folder.join(format!("{}.md", known.code))).unwrap();
        assert!(page.starts_with(&format!("# {}\n", known.code)), "{}", known.code);
        assert!(page.contains(&format!("HTTP status: {}\n", known.status)), "{}", known.code);
        assert!(page.contains("## What to do"), "{}", known.code);
        let example = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let example: serde_json::Value = serde_json::from_str(example).unwrap();
        assert_eq!(example["error"]["code"], known.code);
    }
}
