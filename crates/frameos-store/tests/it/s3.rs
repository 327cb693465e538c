//! Objects in S3: the same bytes as in a folder, and an end to every wait, whatever the store does.

use std::time::{Duration, Instant};

use frameos_store::{
    Objects, ObjectsConfig, S3Config, Store, StoreConfig, StoreError,
    testing::{S3Server, TestDb, TestEngine},
};

async fn objects(s3: S3Config) -> (TestDb, Objects) {
    let db = TestDb::open_empty(TestEngine::Sqlite).await;
    let config = StoreConfig { objects: ObjectsConfig::S3(s3), ..db.config.clone() };
    let objects = Store::open(config).await.unwrap().objects().clone();
    (db, objects)
}

#[track_caller]
fn says(error: &StoreError, what: &str) {
    assert!(error.is_transient(), "{error:?}");
    let told = format!("{error} {error:?}");
    assert!(error.to_string().contains(what), "{told}");
    assert!(!told.contains("frameos-test"), "no credentials: {told}");
}

#[tokio::test]
async fn objects_are_the_same_in_a_bucket_and_in_a_folder() {
    let server = S3Server::start();
    let (db, in_bucket) = objects(server.config(None, None)).await;
    in_bucket.put("code/a.tar.gz", b"s3cret code").await.unwrap();
    in_bucket.put("code/a.tar.gz", b"s3cret code two").await.unwrap();
    assert_eq!(in_bucket.get("code/a.tar.gz").await.unwrap().unwrap(), b"s3cret code two");
    let kept = std::fs::read(server.file("code/a.tar.gz")).unwrap();
    assert!(!kept.windows(6).any(|part| part == b"s3cret"));
    let folder = db.folder().join("objects/code");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("a.tar.gz"), kept).unwrap();
    assert_eq!(db.store.objects().get("code/a.tar.gz").await.unwrap().unwrap(), b"s3cret code two");
    assert_eq!(in_bucket.get("code/b.tar.gz").await.unwrap(), None);
    in_bucket.delete("code/a.tar.gz").await.unwrap();
    in_bucket.delete("code/a.tar.gz").await.unwrap();
    assert_eq!(in_bucket.get("code/a.tar.gz").await.unwrap(), None);
    in_bucket.look().await.unwrap();
    in_bucket.probe("test").await.unwrap();
    assert!(in_bucket.put("../outside", b"x").await.is_err());
}

#[tokio::test]
async fn a_large_object_comes_back_whole() {
    let server = S3Server::start();
    let (_db, objects) = objects(server.config(None, None)).await;
    let bytes: Vec<u8> = (0..12_000_000_u32).map(|number| (number % 251) as u8).collect();
    objects.put("code/large", &bytes).await.unwrap();
    assert!(objects.get("code/large").await.unwrap().unwrap() == bytes);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_no_empty_bucket() {
    let server = S3Server::start();
    let (_db, objects) = objects(server.config(Some("elsewhere"), None)).await;
    says(&objects.look().await.unwrap_err(), "there is no such bucket");
}

#[tokio::test]
async fn wrong_credentials_are_told_without_them() {
    let server = S3Server::start();
    let (_db, objects) = objects(server.config(None, Some("another-secret"))).await;
    for error in [
        objects.get("code/a").await.unwrap_err(),
        objects.put("code/a", b"x").await.unwrap_err(),
        objects.delete("code/a").await.unwrap_err(),
    ] {
        says(&error, "it does not accept these credentials");
        assert!(!format!("{error:?}").contains("another-secret"));
    }
}

#[tokio::test]
async fn a_store_that_went_away_is_an_error_and_back_again_none() {
    let mut server = S3Server::start();
    let (_db, objects) = objects(server.config(None, None)).await;
    objects.put("logs/x", b"one").await.unwrap();
    server.kill();
    let begun = Instant::now();
    for error in [objects.get("logs/x").await.unwrap_err(), objects.put("logs/x", b"two").await.unwrap_err()]
    {
        says(&error, "it does not answer as it should");
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    server.start_again();
    assert_eq!(objects.get("logs/x").await.unwrap().unwrap(), b"one");
}

#[tokio::test]
async fn a_store_that_says_nothing_is_not_waited_for_for_ever() {
    let server = S3Server::start();
    let (_db, objects) = objects(server.config(None, None)).await;
    objects.put("logs/x", b"one").await.unwrap();
    server.pause();
    let begun = Instant::now();
    says(&objects.get("logs/x").await.unwrap_err(), "it does not answer as it should");
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    // One that is slow and then answers is waited for.
    let (answer, ()) = tokio::join!(objects.get("logs/x"), async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        server.go_on();
    });
    assert_eq!(answer.unwrap().unwrap(), b"one");
}
