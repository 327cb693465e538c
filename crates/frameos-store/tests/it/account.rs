//! The e-mail directory: uniqueness over roles, second factor.

use frameos_domain::id::{AdminId, UserId};
use frameos_store::{
    account::{
        Account, PasswordHash, account_get, account_get_by_email, account_insert, account_totp_confirm,
        account_totp_enroll, account_totp_remove, account_totp_use,
    },
    admin::{AdminNew, admin_count_unscoped, admin_get, admin_insert},
    developer::{
        developer_get, developer_list_unscoped, developer_set_password, developer_set_status_unscoped,
    },
    on_both_engines,
    page::Page,
    profile::{profile_get, profile_set_password, profile_verify_email},
    status::{AccountStatus, Role},
    testing::TestDb,
    user::{user_get, user_set_status_unscoped},
};

use crate::fixture::{at, developer, id, read, tx, user};

on_both_engines!(
    an_address_is_unique_over_all_roles,
    a_code_works_once_and_a_confirmed_factor_stays,
    profiles_read_every_role,
    accounts_change_status_and_password,
);

async fn an_address_is_unique_over_all_roles(db: TestDb) {
    let store = &db.store;
    user(store, "Same@Example.com").await;
    let other: UserId = id();
    let taken =
        tx!(store, |tx| account_insert(tx, &other.to_string(), Role::Developer, "same@example.COM", at(0)));
    assert!(!taken);
    let admin = AdminNew {
        id: id(),
        email: "SAME@example.com".into(),
        name: "A".into(),
        password_hash: PasswordHash::new("h".into()),
        verified_email: true,
        created_at: at(0),
    };
    assert!(!tx!(store, |tx| admin_insert(tx, &admin)));
    assert_eq!(read!(store, |tx| admin_count_unscoped(tx)), 0);
    let found: Account = read!(store, |tx| account_get_by_email(tx, "SAME@EXAMPLE.COM")).unwrap();
    assert_eq!((found.role, found.email.as_str()), (Role::User, "same@example.com"));
}

async fn a_code_works_once_and_a_confirmed_factor_stays(db: TestDb) {
    let store = &db.store;
    let subject = user(store, "u@example.com").await.to_string();
    let enroll = async |secret: &'static [u8]| {
        let name = subject.clone();
        tx!(store, |tx| account_totp_enroll(tx, &name, secret))
    };
    let confirm = async |step| {
        let name = subject.clone();
        tx!(store, |tx| account_totp_confirm(tx, &name, step))
    };
    let use_step = async |step| {
        let name = subject.clone();
        tx!(store, |tx| account_totp_use(tx, &name, step))
    };
    assert!(!confirm(5).await, "nothing to confirm yet");
    assert!(enroll(b"first secret").await);
    assert!(enroll(b"second secret").await, "an unconfirmed secret may be replaced");
    assert!(!use_step(5).await, "an unconfirmed factor does not count");
    assert!(confirm(5).await);
    assert!(!enroll(b"third secret").await, "a confirmed one may not");
    assert!(!use_step(5).await, "the confirming code was used");
    assert!(use_step(7).await);
    assert!(!use_step(7).await);
    assert!(!use_step(6).await);
    let name = subject.clone();
    let totp = read!(store, |tx| account_get(tx, &name)).unwrap().totp.unwrap();
    assert_eq!(totp.secret.as_slice(), b"second secret");
    assert!(!format!("{totp:?}").contains("secret: "));
    let raw: Vec<u8> =
        read!(store, |tx| async { tx.query_one("SELECT totp_secret FROM accounts", &[]).await?.get(0) });
    assert!(!raw.windows(6).any(|part| part == b"secret"), "encrypted at rest");
    let remove = async || {
        let name = subject.clone();
        tx!(store, |tx| account_totp_remove(tx, &name))
    };
    assert!(remove().await);
    assert!(!remove().await, "there is none any more");
    assert!(enroll(b"fourth secret").await);
}

async fn profiles_read_every_role(db: TestDb) {
    let store = &db.store;
    let developer = developer(store, "d@example.com").await;
    let user = user(store, "u@example.com").await;
    let admin = AdminNew {
        id: id(),
        email: "a@example.com".into(),
        name: "Root".into(),
        password_hash: PasswordHash::new("h".into()),
        verified_email: true,
        created_at: at(0),
    };
    let admin_id: AdminId = admin.id;
    assert!(tx!(store, |tx| admin_insert(tx, &admin)));
    for (role, subject, name) in [
        (Role::Developer, developer.to_string(), "Dev"),
        (Role::User, user.to_string(), "User"),
        (Role::Admin, admin_id.to_string(), "Root"),
    ] {
        let key = subject.clone();
        let profile = read!(store, |tx| profile_get(tx, role, &key)).unwrap();
        assert_eq!((profile.id, profile.name.as_str()), (subject, name));
        assert_eq!(profile.company.is_some(), role == Role::Developer);
    }
    tx!(store, |tx| profile_verify_email(tx, "d@example.com", at(5)));
    assert!(read!(store, |tx| developer_get(tx, developer)).unwrap().verified_email);
    assert!(!read!(store, |tx| user_get(tx, user)).unwrap().verified_email);
    assert_eq!(read!(store, |tx| admin_get(tx, admin_id)).unwrap().name, "Root");
}

async fn accounts_change_status_and_password(db: TestDb) {
    let store = &db.store;
    let developer = developer(store, "d@example.com").await;
    let user = user(store, "u@example.com").await;
    assert!(tx!(store, |tx| developer_set_status_unscoped(tx, developer, AccountStatus::Suspended, at(9))));
    assert!(tx!(store, |tx| user_set_status_unscoped(tx, user, AccountStatus::Banned, at(9))));
    let hash = PasswordHash::new("new".into());
    assert!(tx!(store, |tx| developer_set_password(tx, developer, &hash, at(10))));
    let found = read!(store, |tx| developer_get(tx, developer)).unwrap();
    assert_eq!((found.status, found.updated_at), (AccountStatus::Suspended, at(10)));
    assert_eq!(found.password_hash.expose(), "new");
    assert_eq!(format!("{:?}", found.password_hash), "PasswordHash(hidden)");
    assert_eq!(read!(store, |tx| user_get(tx, user)).unwrap().status, AccountStatus::Banned);
    assert_eq!(read!(store, |tx| developer_list_unscoped(tx, Page::new(1, 10))).total, 1);
    let (name, other) = (user.to_string(), PasswordHash::new("other".into()));
    assert!(tx!(store, |tx| profile_set_password(tx, Role::User, &name, &other, at(11))));
    assert_eq!(read!(store, |tx| user_get(tx, user)).unwrap().password_hash.expose(), "other");
    let nobody = id();
    assert!(!tx!(store, |tx| user_set_status_unscoped(tx, nobody, AccountStatus::Active, at(9))));
}
