//! Statements that the jobs of a batch ask together (ADR 0033).
//!
//! To PostgreSQL, beginning and ending a statement costs several times what it does for one row. A lane's jobs do the same, step by
//! step; whoever comes to a gathered statement waits until all have come to where they cannot go on, and then one statement, with a
//! column for each parameter, asks for all. Invariants: an asker gets what its own statement would have returned, unless
//! another asks for the same row in the same moment, of whom one then gets nothing; a job that gets nothing where it needs something
//! is not kept, and its batch is done again one by one, with every statement by itself.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
};

use futures::future::{join_all, poll_fn};
use tokio::sync::oneshot;

use crate::{
    error::StoreError,
    postponed::{Column, Kind, columns_push},
    row::Row,
    tx::Tx,
    value::Value,
};

/// What one statement carries, in bytes, before those who come later ask by another: an array lies in memory as a whole, several times.
const LARGEST: usize = 1 << 20;

/// A statement in both its forms.
pub(crate) struct Gathered {
    kinds: &'static [Kind],
    /// With the values as its parameters.
    pub(crate) one: String,
    /// With a column for each, and the number of the row of values that a row is for, from 1, as its last result. PostgreSQL only.
    many: String,
}

impl Gathered {
    /// `text` has its parameters as `$1` and so on, of these kinds; `{from}`, `{using}` or `{join}` where it takes further tables, and
    /// `{n}` at the end of what it returns.
    pub(crate) fn new(text: &str, kinds: &'static [Kind]) -> Self {
        let marks = ["{from}", "{using}", "{join}", "{n}"];
        let one = marks.iter().fold(text.to_owned(), |text, mark| text.replace(mark, ""));
        let (mut arrays, mut names) = (String::new(), String::new());
        for (index, kind) in kinds.iter().enumerate() {
            let (comma, number) = (if index == 0 { "" } else { ", " }, index + 1);
            let _ = write!(arrays, "{comma}CAST(${number} AS {}[])", kind.as_str());
            let _ = write!(names, "p{number}, ");
        }
        let given = format!("UNNEST({arrays}) WITH ORDINALITY AS given ({names}n)");
        let many = text
            .replace('$', "given.p")
            .replace("{from}", &format!(" FROM {given}"))
            .replace("{using}", &format!(" USING {given}"))
            .replace("{join}", &format!(", {given}"))
            .replace("{n}", ", n");
        Self { kinds, one, many }
    }
}

impl Gathered {
    fn columns(&self) -> Vec<Column> {
        self.kinds.iter().map(|kind| Column::new(*kind)).collect()
    }

    /// Asks for all rows of values at once. What there is for each, in their order.
    pub(crate) async fn ask(
        &'static self,
        tx: &mut Tx,
        columns: &[Column],
        askers: usize,
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        let rows = tx.query_columns(&self.many, columns, &[]).await?;
        apart(rows, askers)
    }

    /// As [`Gathered::ask`], with a row of values for each.
    pub(crate) async fn ask_rows<const N: usize>(
        &'static self,
        tx: &mut Tx,
        rows: &[[Value; N]],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        let mut columns = self.columns();
        rows.iter().try_for_each(|row| columns_push(&mut columns, row))?;
        self.ask(tx, &columns, rows.len()).await
    }
}

/// What waits to be asked. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Gathering(Arc<Mutex<Vec<Group>>>);

/// All who ask with one statement.
pub(crate) struct Group {
    statement: &'static Gathered,
    columns: Vec<Column>,
    answers: Vec<oneshot::Sender<Result<Vec<Row>, StoreError>>>,
    bytes: usize,
}

impl Group {
    async fn answer(self, mut tx: Tx) {
        match self.statement.ask(&mut tx, &self.columns, self.answers.len()).await {
            Ok(found) => {
                for (answer, rows) in self.answers.into_iter().zip(found) {
                    // A job that is gone is told nothing.
                    drop(answer.send(Ok(rows)));
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for answer in self.answers {
                    drop(answer.send(Err(error.shared())));
                }
            }
        }
    }
}

impl Gathering {
    /// Asks with the others. To be awaited by a job of a batch, which whoever runs it answers: see [`Gathering::next`].
    pub(crate) async fn ask(
        &self,
        statement: &'static Gathered,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.push(statement, values, answer)?;
        answered.await.map_err(|_| StoreError::Aborted)?
    }

    fn push(
        &self,
        statement: &'static Gathered,
        values: &[Value],
        answer: oneshot::Sender<Result<Vec<Row>, StoreError>>,
    ) -> Result<(), StoreError> {
        let mut groups = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = |group: &Group| std::ptr::eq(group.statement, statement) && group.bytes < LARGEST;
        let known = groups.iter().position(has_room);
        let place = known.unwrap_or_else(|| {
            groups.push(Group { statement, columns: statement.columns(), answers: Vec::new(), bytes: 0 });
            groups.len() - 1
        });
        let group = &mut groups[place];
        columns_push(&mut group.columns, values)?;
        group.bytes += values.iter().map(Value::size).sum::<usize>();
        group.answers.push(answer);
        Ok(())
    }

    /// What the jobs ask now, once they do. Nobody is woken for it: it must be polled by whoever polls the jobs, after them.
    pub(crate) async fn next(&self) -> Vec<Group> {
        poll_fn(|_| {
            let groups = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
            if groups.is_empty() { Poll::Pending } else { Poll::Ready(groups) }
        })
        .await
    }
}

/// Asks the database, and tells everyone what there is for them.
pub(crate) async fn answer(tx: Tx, groups: Vec<Group>) -> Result<(), StoreError> {
    let shares = groups.iter().map(|_| tx.share()).collect::<Result<Vec<_>, _>>()?;
    join_all(groups.into_iter().zip(shares).map(|(group, tx)| group.answer(tx))).await;
    Ok(())
}

/// Rows by whom they are for.
fn apart(rows: Vec<Row>, askers: usize) -> Result<Vec<Vec<Row>>, StoreError> {
    let mut found: Vec<Vec<Row>> = (0..askers).map(|_| Vec::new()).collect();
    for row in rows {
        let number: i64 = row.get(row.len().saturating_sub(1))?;
        let place = usize::try_from(number).ok().and_then(|number| found.get_mut(number.checked_sub(1)?));
        place.ok_or_else(|| StoreError::corrupt("a row for nobody who asked"))?.push(row);
    }
    Ok(found)
}

/// A [`Gathered`] for a `static`: its text, and the kinds of its parameters.
macro_rules! gathered {
    ($text:expr, ($($kind:ident),* $(,)?)) => {
        std::sync::LazyLock::new(|| {
            $crate::gathered::Gathered::new($text, &[$($crate::postponed::Kind::$kind),*])
        })
    };
}
pub(crate) use gathered;

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use futures::FutureExt;

    use super::*;

    #[test]
    fn large_values_do_not_lie_in_memory_all_at_once() {
        static PUT: LazyLock<Gathered> =
            gathered!("UPDATE things SET bytes = $2{from} WHERE id = $1 RETURNING id{n}", (Text, Bytes));
        let gathering = Gathering::default();
        let mut askers = Vec::new();
        for number in 0..5 {
            let (answer, asker) = oneshot::channel();
            let values = [Value::Text(number.to_string()), Value::Blob(vec![0; LARGEST / 2])];
            gathering.push(&PUT, &values, answer).unwrap();
            askers.push(asker);
        }
        let groups = gathering.next().now_or_never().unwrap();
        assert_eq!(groups.iter().map(|group| group.answers.len()).collect::<Vec<_>>(), [2, 2, 1]);
        assert!(gathering.next().now_or_never().is_none(), "nobody asks any more");
    }

    #[test]
    fn a_statement_for_many_has_columns_for_parameters() {
        let text = "UPDATE things SET size = $2{from} WHERE id = $1 RETURNING id{n}";
        let gathered = Gathered::new(text, &[Kind::Text, Kind::BigInt]);
        assert_eq!(gathered.one, "UPDATE things SET size = $2 WHERE id = $1 RETURNING id");
        assert_eq!(
            gathered.many,
            "UPDATE things SET size = given.p2 FROM UNNEST(CAST($1 AS TEXT[]), CAST($2 AS BIGINT[])) WITH ORDINALITY \
             AS given (p1, p2, n) WHERE id = given.p1 RETURNING id, n"
        );
    }
}
