//! Bodies come in time: each part soon after the one before, and all of it before the request's own time is over.
//!
//! Whoever reads a body that does not is told [`BodySlow`], which becomes 408.

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    middleware::Next,
    response::Response,
};
use http_body::{Body as _, Frame, SizeHint};
use thiserror::Error;
use tokio::time::{Instant, Sleep, sleep_until};

const PART: Duration = Duration::from_secs(15);
/// A bundle of the largest size at 2 Mbit/s.
const WHOLE: Duration = Duration::from_secs(75);

/// A body that came too slowly.
#[derive(Debug, Error)]
#[error("the body came too slowly")]
pub(crate) struct BodySlow;

/// Puts the limits on a request's body, if it has one.
pub(crate) async fn body_time(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    next.run(request.map(|body| Body::new(TimedBody::new(body, PART, WHOLE)))).await
}

/// Whether a body could not be read because it came too slowly.
pub(crate) fn is_slow(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<BodySlow>() {
            return true;
        }
        cause = error.source();
    }
    false
}

struct TimedBody {
    body: Body,
    part: Duration,
    until: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl TimedBody {
    fn new(body: Body, part: Duration, whole: Duration) -> Self {
        let now = Instant::now();
        Self { body, part, until: now + whole, sleep: Box::pin(sleep_until(now + part)) }
    }
}

impl http_body::Body for TimedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            let next = (Instant::now() + self.part).min(self.until);
            self.sleep.as_mut().reset(next);
            return Poll::Ready(frame);
        }
        ready!(self.sleep.as_mut().poll(cx));
        Poll::Ready(Some(Err(axum::Error::new(BodySlow))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::body::to_bytes;
    use futures::{StreamExt, stream};

    use super::*;

    const SOON: Duration = Duration::from_millis(50);
    const NEVER: Duration = Duration::from_secs(3_600);

    fn part() -> Result<Bytes, Infallible> {
        Ok(Bytes::from_static(b"x"))
    }

    async fn read(body: Body, part: Duration, whole: Duration) -> Result<usize, bool> {
        let body = Body::new(TimedBody::new(body, part, whole));
        to_bytes(body, usize::MAX).await.map(|bytes| bytes.len()).map_err(|error| is_slow(&error))
    }

    #[tokio::test]
    async fn each_part_and_the_whole_have_their_time() {
        let in_time = Body::from_stream(stream::iter([part(), part()]));
        assert_eq!(read(in_time, NEVER, NEVER).await, Ok(2));
        let stops = || Body::from_stream(stream::iter([part()]).chain(stream::pending()));
        assert_eq!(read(stops(), SOON, NEVER).await, Err(true), "the second part never comes");
        let drips = Body::from_stream(stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((part(), ()))
        }));
        assert_eq!(read(drips, NEVER, SOON).await, Err(true), "it never ends");
        let broken = Body::from_stream(stream::iter([Err::<Bytes, _>("torn")]));
        assert_eq!(read(broken, NEVER, NEVER).await, Err(false));
    }
}
