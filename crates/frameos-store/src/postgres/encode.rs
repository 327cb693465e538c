//! Values to and from PostgreSQL's types.
//!
//! Invariant: a parameter is encoded by the type PostgreSQL declares for it; a value that does not fit that type is an error.

use std::error::Error;

use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use crate::{error::StoreError, row::Row, value::Value};

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self, ty) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(number), &Type::INT8) => number.to_sql(ty, out),
            (Self::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(ty, out),
            (Self::Bool(truth), &Type::BOOL) => truth.to_sql(ty, out),
            (Self::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::NAME | &Type::UNKNOWN) => {
                text.to_sql(ty, out)
            }
            (Self::Blob(bytes), &Type::BYTEA) => bytes.to_sql(ty, out),
            (Self::Real(number), &Type::FLOAT8) => number.to_sql(ty, out),
            (value, ty) => Err(format!("a {} cannot be sent as {ty}", value.kind()).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

pub(super) fn row(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    (0..row.len()).map(|index| column(row, index)).collect::<Result<_, _>>().map(Row::new)
}

fn column(row: &tokio_postgres::Row, index: usize) -> Result<Value, StoreError> {
    let ty = row.columns()[index].type_();
    let value = match *ty {
        Type::INT8 => row.try_get::<_, Option<i64>>(index).map(Value::from),
        Type::INT4 => row.try_get::<_, Option<i32>>(index).map(Value::from),
        Type::BOOL => row.try_get::<_, Option<bool>>(index).map(Value::from),
        Type::TEXT | Type::VARCHAR | Type::NAME => row.try_get::<_, Option<String>>(index).map(Value::from),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index).map(Value::from),
        Type::FLOAT8 => row.try_get::<_, Option<f64>>(index).map(Value::from),
        _ => return Err(StoreError::corrupt(format!("column {index} has the unforeseen type {ty}"))),
    };
    value.map_err(|error| StoreError::Statement(error.into()))
}
