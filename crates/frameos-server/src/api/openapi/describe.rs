//! How a handler's signature becomes a description: each extractor says what it takes, the result what is answered.

use std::future::Future;

use super::Operation;
use crate::api::reply::Replying;

/// Something a handler asks for.
pub(crate) trait Input {
    fn describe(operation: &mut Operation);
}

/// A kind of successful answer.
pub(crate) trait Replies {
    fn describe(operation: &mut Operation);
}

/// A handler; `T` is the same list of types that axum knows it by.
pub(crate) trait Described<T> {
    fn describe(operation: &mut Operation);
}

macro_rules! described {
    ($($input:ident)*) => {
        impl<F, Fut, R, M, $($input),*> Described<(M, $($input,)*)> for F
        where
            F: FnOnce($($input),*) -> Fut,
            Fut: Future<Output = Replying<R>>,
            R: Replies,
            $($input: Input,)*
        {
            fn describe(operation: &mut Operation) {
                $($input::describe(operation);)*
                R::describe(operation);
            }
        }
    };
}

// One per number of arguments, as in axum: a trait cannot speak of functions of any number.
described!(A);
described!(A B);
described!(A B C);
described!(A B C D);
described!(A B C D E);
described!(A B C D E G);
described!(A B C D E G H);
described!(A B C D E G H I);

/// Either answer.
impl<A: Replies, B: Replies> Replies for (A, B) {
    fn describe(operation: &mut Operation) {
        A::describe(operation);
        B::describe(operation);
    }
}
