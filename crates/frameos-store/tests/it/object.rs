//! Blobs: whole, encrypted, and tied to their path.

use frameos_store::{
    CipherError, StoreError,
    testing::{TestDb, TestEngine},
};

#[tokio::test]
async fn objects_are_encrypted_and_tied_to_their_path() {
    let db = TestDb::open_empty(TestEngine::Sqlite).await;
    let objects = db.store.objects();
    objects.put("code/a.tar.gz", b"s3cret code").await.unwrap();
    objects.put("code/b.tar.gz", b"other code").await.unwrap();
    assert_eq!(objects.get("code/a.tar.gz").await.unwrap().unwrap(), b"s3cret code");
    let file = |name: &str| db.folder().join("objects/code").join(name);
    let raw = std::fs::read(file("a.tar.gz")).unwrap();
    assert!(!raw.windows(6).any(|part| part == b"s3cret"));
    std::fs::copy(file("b.tar.gz"), file("a.tar.gz")).unwrap();
    let swapped = objects.get("code/a.tar.gz").await.unwrap_err();
    assert!(matches!(swapped, StoreError::Cipher(CipherError::NotAuthentic { .. })), "{swapped:?}");
}

#[tokio::test]
async fn objects_are_replaced_and_removed() {
    let db = TestDb::open_empty(TestEngine::Sqlite).await;
    let objects = db.store.objects();
    assert_eq!(objects.get("logs/x").await.unwrap(), None);
    objects.put("logs/x", b"one").await.unwrap();
    objects.put("logs/x", b"two").await.unwrap();
    assert_eq!(objects.get("logs/x").await.unwrap().unwrap(), b"two");
    objects.delete("logs/x").await.unwrap();
    objects.delete("logs/x").await.unwrap();
    assert_eq!(objects.get("logs/x").await.unwrap(), None);
    assert!(objects.put("../outside", b"x").await.is_err());
    assert!(!db.folder().join("outside").exists());
}
