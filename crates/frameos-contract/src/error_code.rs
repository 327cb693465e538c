//! Every error code a client can meet. Each has a page `docs/errors/<CODE>.md`; a test keeps the two in step.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// A stable error code and the HTTP status it comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode {
    pub code: &'static str,
    pub status: u16,
}

macro_rules! codes {
    ($($name:ident = $status:literal;)*) => {
        impl ErrorCode {
            $(pub const $name: Self = Self { code: stringify!($name), status: $status };)*
            /// All codes, in the order of this file.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

// A table, like the kinds of ids: each line is name = HTTP status (docs/http-status.md).
codes! {
    INVALID_REQUEST = 400;
    INVALID_JSON = 400;
    IDEMPOTENCY_KEY_REQUIRED = 400;
    PAYMENT_INVALID = 400;
    UNAUTHENTICATED = 401;
    INVALID_CREDENTIALS = 401;
    OTP_REQUIRED = 401;
    INVALID_OTP = 401;
    SIGNATURE_REQUIRED = 401;
    SIGNATURE_INVALID = 401;
    SIGNATURE_REPLAYED = 401;
    WEBHOOK_REFUSED = 401;
    INSUFFICIENT_FUNDS = 402;
    SUBSCRIPTION_REQUIRED = 402;
    SUBSCRIPTION_PAST_DUE = 402;
    PAYMENT_REQUIRED = 402;
    PAYMENT_REFUSED = 402;
    FORBIDDEN = 403;
    ACCOUNT_SUSPENDED = 403;
    EMAIL_UNVERIFIED = 403;
    INSUFFICIENT_SCOPE = 403;
    POLICY_REFUSED = 403;
    REVIEW_NEEDS_RUN = 403;
    NOT_FOUND = 404;
    METHOD_NOT_ALLOWED = 405;
    EMAIL_TAKEN = 409;
    ACCOUNT_IN_USE = 409;
    SLUG_TAKEN = 409;
    VERSION_EXISTS = 409;
    VERSION_NOT_NEWER = 409;
    VERSION_YANKED = 409;
    CONFLICT = 409;
    PAYMENT_REUSED = 409;
    IDEMPOTENCY_IN_PROGRESS = 409;
    ALREADY_FINAL = 409;
    TOO_LATE = 409;
    POLICY_CHANGED = 409;
    MANDATE_VOIDED = 409;
    MANDATE_EXPIRED = 409;
    MANDATE_EXECUTED = 409;
    RECEIPT_NOT_READY = 409;
    REFUND_TOO_LATE = 409;
    REFUND_TOO_MUCH = 409;
    REFUND_NOT_OFFERED = 409;
    PAYOUT_STANDS = 409;
    ALREADY_SUBSCRIBED = 409;
    NOT_A_SUBSCRIPTION = 409;
    WEBHOOK_LIMIT = 409;
    WEBHOOK_DISABLED = 409;
    REQUEST_TIMEOUT = 408;
    PAYLOAD_TOO_LARGE = 413;
    UNSUPPORTED_MEDIA_TYPE = 415;
    VALIDATION_FAILED = 422;
    IDEMPOTENCY_KEY_REUSED = 422;
    INVALID_MANIFEST = 422;
    MANIFEST_MISMATCH = 422;
    SCAN_REJECTED = 422;
    INPUTS_INVALID = 422;
    WEBHOOK_URL_REFUSED = 422;
    PROVIDER_REFUSED = 422;
    BUNDLE_NOT_BASE64 = 422;
    BUNDLE_TOO_LARGE = 422;
    BUNDLE_UNPACKED_TOO_LARGE = 422;
    BUNDLE_TOO_MANY_ENTRIES = 422;
    BUNDLE_NOT_GZIP = 422;
    BUNDLE_NOT_TAR = 422;
    BUNDLE_PATH_ABSOLUTE = 422;
    BUNDLE_PATH_TRAVERSAL = 422;
    BUNDLE_PATH_INVALID = 422;
    BUNDLE_LINK = 422;
    BUNDLE_SPECIAL_FILE = 422;
    BUNDLE_DUPLICATE_PATH = 422;
    BUNDLE_CASE_COLLISION = 422;
    BUNDLE_SIZE_MISMATCH = 422;
    BUNDLE_NO_MANIFEST = 422;
    BUNDLE_NO_ENTRYPOINT = 422;
    RATE_LIMITED = 429;
    QUEUE_FULL = 429;
    SUBSCRIPTION_RUNS_USED = 429;
    INTERNAL = 500;
    UNAVAILABLE = 503;
    SANDBOX_UNAVAILABLE = 503;
}

impl ErrorCode {
    /// The code with this name.
    pub fn find(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.code == code)
    }
}

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let about = "What went wrong, for programs. Each code has a page, `docs/errors/<CODE>.md`.";
        let codes = Self::ALL.iter().map(|code| code.code);
        let object = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes));
        RefOr::T(Schema::Object(object.description(Some(about)).build()))
    }
}

impl ToSchema for ErrorCode {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ErrorCode")
    }
}
