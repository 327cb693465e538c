//! Values to and from PostgreSQL's types.
//!
//! Invariant: a parameter is encoded by the type PostgreSQL declares for it; a value that does not fit that type is an error.

use std::error::Error;

use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use crate::{
    error::StoreError,
    value::{Cell, Value},
};

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
            (value, ty) => Err(format!("a {} cannot be sent as {ty}", value.cell().kind()).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The column at `index` where it lies; None when there is none.
pub(crate) fn cell(row: &tokio_postgres::Row, index: usize) -> Result<Option<Cell<'_>>, StoreError> {
    let Some(column) = row.columns().get(index) else { return Ok(None) };
    fn or_null<'a, T>(value: Option<T>, cell: impl FnOnce(T) -> Cell<'a>) -> Cell<'a> {
        value.map_or(Cell::Null, cell)
    }
    let cell = match *column.type_() {
        Type::INT8 => row.try_get(index).map(|value| or_null(value, Cell::Int)),
        Type::INT4 => row.try_get(index).map(|value| or_null(value, |number: i32| Cell::Int(number.into()))),
        Type::BOOL => row.try_get(index).map(|value| or_null(value, Cell::Bool)),
        Type::TEXT | Type::VARCHAR | Type::NAME => row.try_get(index).map(|value| or_null(value, Cell::Text)),
        Type::BYTEA => row.try_get(index).map(|value| or_null(value, Cell::Blob)),
        Type::FLOAT8 => row.try_get(index).map(|value| or_null(value, Cell::Real)),
        ref ty => return Err(StoreError::corrupt(format!("column {index} has the unforeseen type {ty}"))),
    };
    cell.map(Some).map_err(|error| StoreError::Statement(error.into()))
}
