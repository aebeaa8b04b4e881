//! Errors as the contract tells them: a code for programs, a sentence for people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

/// What kind of refusal it is. Programs branch on this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request itself is wrong; `details.fields` names the places.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// It contradicts what is there: a name taken, a version overtaken, a status that does not allow it.
    Conflict,
    /// The caller may not do this.
    Forbidden,
    /// There is no token, or it is not one of ours.
    Unauthorized,
    /// The token was ours but its life is over.
    TokenExpired,
    /// Too much at once; try again later.
    Busy,
    /// The disk is nearly full: nothing new is accepted until there is space.
    StorageFull,
    /// The engine cannot work at present; the message says why.
    Unavailable,
    /// The engine broke a promise of its own.
    Internal,
}

impl Code {
    /// The HTTP status that carries it (RFC 9110, 507 from RFC 4918).
    #[must_use]
    pub fn http_status(self) -> u16 {
        match self {
            Self::Invalid => 422,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Forbidden => 403,
            Self::Unauthorized | Self::TokenExpired => 401,
            Self::Busy => 429,
            Self::StorageFull => 507,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema, thiserror::Error)]
#[error("{error}")]
pub struct ApiError {
    /// A sentence: what is wrong, where, what to do.
    pub error: String,
    /// What kind of refusal it is.
    pub code: Code,
    /// More for programs: `{"fields":[{"field","message"}]}` where input is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub details: Option<Value>,
}

impl ApiError {
    /// A refusal with a sentence.
    pub fn new(code: Code, error: impl Into<String>) -> Self {
        Self { error: error.into(), code, details: None }
    }

    /// A refusal of wrong input, one entry a field.
    #[must_use]
    pub fn invalid(fields: &[model::Invalid]) -> Self {
        let sentences: Vec<String> = fields.iter().map(ToString::to_string).collect();
        Self {
            error: sentences.join("; "),
            code: Code::Invalid,
            details: Some(serde_json::json!({ "fields": fields })),
        }
    }

    /// There is no such thing; names the nearest that exists.
    #[must_use]
    pub fn not_found(kind: &str, name: &str, nearest: Option<&str>) -> Self {
        let hint = nearest.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let shown: String = name.chars().take(80).collect();
        Self::new(Code::NotFound, format!("there is no {kind} `{shown}`{hint}"))
    }
}

impl From<model::Invalid> for ApiError {
    fn from(invalid: model::Invalid) -> Self {
        Self::invalid(std::slice::from_ref(&invalid))
    }
}
