//! Sealing again with another master key: every sealed column, whole, and nobody's newer value lost.

use frameos_store::{
    MasterKey, Store, StoreConfig, on_both_engines,
    rekey::{COLUMNS, objects_count, objects_rekey},
    setting::{setting_get, setting_set},
    testing::TestDb,
};

on_both_engines!(values_and_objects_get_the_new_key_and_newer_ones_stay);

/// What is bytes and not sealed.
const PLAIN: &[(&str, &str)] = &[("agent_stats_daily", "durations")];

#[test]
fn every_column_of_bytes_is_known() {
    let schema = include_str!("../../schema.txt");
    let (mut table, mut found) = ("", 0);
    for line in schema.lines() {
        if !line.starts_with(' ') {
            table = line;
        } else if let Some((column, kind)) = line.trim().split_once(' ')
            && kind.split(' ').next() == Some("blob")
        {
            let is_sealed = COLUMNS.iter().any(|known| (known.table, known.column) == (table, column));
            let is_plain = PLAIN.contains(&(table, column));
            assert!(is_sealed != is_plain, "{table}.{column}: is it sealed? then rekey.rs must know it");
            found += 1;
        }
    }
    assert!(found > 10, "the schema has such columns");
}

async fn values_and_objects_get_the_new_key_and_newer_ones_stay(db: TestDb) {
    let name = |number: usize| format!("key.test-{number}");
    let column = COLUMNS.iter().find(|column| column.table == "settings").unwrap();
    let seal = |store: &Store, number: usize| {
        let row = name(number);
        let place = frameos_store::Place::new("settings", "value", &row);
        hex::encode(store.cipher().seal(place, format!("value {number}").as_bytes()).unwrap())
    };
    for number in 0..450 {
        let (row, text) = (name(number), seal(&db.store, number));
        db.store.tx(move |tx| Box::pin(async move { setting_set(tx, &row, &text).await })).await.unwrap();
    }
    // One that no key opens is told of, and does not stop the others.
    db.store
        .tx(|tx| {
            Box::pin(async move { setting_set(tx, "key.broken", &format!("01{}", "ab".repeat(40))).await })
        })
        .await
        .unwrap();
    db.store.objects().put("logs/a", b"long").await.unwrap();
    let old = db.store.cipher().active_key_id();

    let newest = MasterKey::from_bytes([7; 32]);
    let config = StoreConfig {
        master_key: newest.clone(),
        older_master_keys: vec![db.config.master_key.clone()],
        ..db.config.clone()
    };
    let store = Store::open(config).await.unwrap();
    let done = column.rekey(&store, &|_| {}).await.unwrap();
    assert_eq!((done.done, done.unreadable), (450, 1));
    assert_eq!(column.rekey(&store, &|_| {}).await.unwrap().done, 0, "twice is once");
    let counts = column.count(&store).await.unwrap();
    assert_eq!((counts.get(&newest.id()), counts.get(&old)), (Some(&450), None), "{counts:?}");
    let text = store
        .read(|tx| Box::pin(async move { setting_get(tx, "key.test-17").await }))
        .await
        .unwrap()
        .unwrap();
    let place = frameos_store::Place::new("settings", "value", "key.test-17");
    assert_eq!(store.cipher().open(place, &hex::decode(text).unwrap()).unwrap(), b"value 17");

    assert_eq!(objects_rekey(&store, &|_| {}).await.unwrap().done, 1);
    assert_eq!(objects_count(&store).await.unwrap().into_iter().collect::<Vec<_>>(), [(newest.id(), 1)]);
    assert_eq!(store.objects().get("logs/a").await.unwrap().unwrap(), b"long");
    assert!(db.store.objects().get("logs/a").await.is_err(), "who was not given the key does not read");
    // Told of it, the older store looks for it and reads.
    db.store.cipher().source_set(std::sync::Arc::new(move || vec![newest.clone()]));
    assert_eq!(db.store.objects().get("logs/a").await.unwrap().unwrap(), b"long");
}
