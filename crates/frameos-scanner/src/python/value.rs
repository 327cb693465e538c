//! What an expression may be when the program runs: a small set of known things, whether it may also be something else,
//! and where sensitive data in it came from.
//!
//! Invariant: a value never grows beyond the limits here; what goes beyond is cut and makes the value open.

use std::fmt;
use std::rc::Rc;

/// The longest text or byte string that is followed.
pub(super) const MAX_TEXT: usize = 256 * 1024;
/// How many things one expression may be.
const MAX_ATOMS: usize = 24;
/// The most elements of a list or dictionary that are followed.
pub(super) const MAX_ITEMS: usize = 20_000;
/// The most steps a trace shows.
const MAX_STEPS: usize = 12;

/// One thing that an expression may be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Atom {
    /// A module, a builtin, or a member of one: `os`, `builtins.eval`, `os.environ`.
    Path(Rc<str>),
    Text(Rc<str>),
    /// Text of which only the beginning is known.
    Prefix(Rc<str>),
    Bytes(Rc<[u8]>),
    Int(i64),
    Nothing,
    /// A list, tuple, set or iterator.
    List(Rc<[Value]>),
    Dict(Rc<[(Value, Value)]>),
    /// A function or lambda of this file, with the object it is bound to, if that is known.
    Function(u32),
    /// A class of this file.
    Class(u32),
    Instance(u32),
    /// A callable with its first arguments.
    Partial(Rc<(Value, Vec<Value>)>),
    /// What `attrgetter` and `methodcaller` make.
    Getter {
        name: Rc<str>,
        calls: bool,
    },
    /// A method of a constant, such as `''.join`.
    Method(Rc<(Value, Rc<str>)>),
}

/// What sensitive data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The whole environment.
    Environment,
    /// The content of a file, a keyring, the clipboard or the screen.
    Secret,
    /// Who and where the machine is.
    Host,
    /// What came over the network.
    Network,
    /// What a caller passes as this parameter of this function.
    Parameter(u32, u32),
}

/// Sensitive data in a value, with the way it took.
#[derive(Debug, Clone)]
pub(super) struct Taint {
    pub(super) kind: Kind,
    pub(super) trace: Rc<Trace>,
}

impl PartialEq for Taint {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// One step of the way of data, and the steps before it.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) place: Place,
    pub(super) message: Words,
    pub(super) before: Option<Rc<Trace>>,
    length: usize,
}

/// What a step says; put together only for reports, since most traces never get there.
#[derive(Debug, Clone)]
pub(super) struct Words {
    before: &'static str,
    name: Rc<str>,
    after: &'static str,
}

impl Words {
    pub(super) fn new(before: &'static str, name: &str, after: &'static str) -> Self {
        Self { before, name: name.into(), after }
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self::new("", &text, "")
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.before, self.name, self.after)
    }
}

#[derive(Debug, Clone)]
pub(super) enum Place {
    /// A byte offset in the file under scan.
    Here(usize),
    /// A place in another file.
    There { file: Rc<str>, line: u32, column: u32 },
}

impl Trace {
    pub(super) fn begin(place: Place, message: impl Into<Words>) -> Rc<Self> {
        Rc::new(Self { place, message: message.into(), before: None, length: 1 })
    }

    /// The way with one more step, unless it is long enough.
    pub(super) fn then(self: &Rc<Self>, place: Place, message: impl Into<Words>) -> Rc<Self> {
        if self.length >= MAX_STEPS {
            return Rc::clone(self);
        }
        let message = message.into();
        Rc::new(Self { place, message, before: Some(Rc::clone(self)), length: self.length + 1 })
    }
}

/// All that an expression may be.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Value {
    pub(super) atoms: Vec<Atom>,
    /// It may also be something that is not known.
    pub(super) open: bool,
    pub(super) taints: Vec<Taint>,
}

impl Value {
    pub(super) fn unknown() -> Self {
        Self { open: true, ..Self::default() }
    }

    pub(super) fn of(atom: Atom) -> Self {
        Self { atoms: vec![atom], ..Self::default() }
    }

    pub(super) fn path(path: &str) -> Self {
        Self::of(Atom::Path(path.into()))
    }

    pub(super) fn text(text: impl Into<Rc<str>>) -> Self {
        let text = text.into();
        if text.len() > MAX_TEXT { Self::unknown() } else { Self::of(Atom::Text(text)) }
    }

    pub(super) fn bytes(bytes: impl Into<Rc<[u8]>>) -> Self {
        let bytes = bytes.into();
        if bytes.len() > MAX_TEXT { Self::unknown() } else { Self::of(Atom::Bytes(bytes)) }
    }

    pub(super) fn int(number: i64) -> Self {
        Self::of(Atom::Int(number))
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        if items.len() > MAX_ITEMS {
            return Self::unknown();
        }
        let mut taints = Vec::new();
        items.iter().for_each(|item| add_taints(&mut taints, &item.taints));
        Self { atoms: vec![Atom::List(items.into())], open: false, taints }
    }

    pub(super) fn dict(items: Vec<(Self, Self)>) -> Self {
        if items.len() > MAX_ITEMS {
            return Self::unknown();
        }
        let mut taints = Vec::new();
        for (key, value) in &items {
            add_taints(&mut taints, &key.taints);
            add_taints(&mut taints, &value.taints);
        }
        Self { atoms: vec![Atom::Dict(items.into())], open: false, taints }
    }

    /// Nothing but sensitive data is known of this value.
    pub(super) fn tainted(taints: Vec<Taint>) -> Self {
        Self { atoms: Vec::new(), open: true, taints }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.open |= other.open;
        add_taints(&mut self.taints, &other.taints);
        for atom in other.atoms {
            if self.atoms.len() >= MAX_ATOMS {
                self.open = true;
                return;
            }
            if !self.atoms.iter().any(|known| same(known, &atom)) {
                self.atoms.push(atom);
            }
        }
    }

    pub(super) fn with_taints(mut self, taints: &[Taint]) -> Self {
        add_taints(&mut self.taints, taints);
        self
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &Rc<str>> {
        self.atoms.iter().filter_map(|atom| match atom {
            Atom::Path(path) => Some(path),
            _ => None,
        })
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = Rc<str>> {
        self.atoms.iter().filter_map(Atom::as_text)
    }

    /// The one thing this is, when that is certain.
    pub(super) fn only(&self) -> Option<&Atom> {
        match self.atoms.as_slice() {
            [atom] if !self.open => Some(atom),
            _ => None,
        }
    }

    pub(super) fn as_int(&self) -> Option<i64> {
        match self.only()? {
            Atom::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether everything it may be is known.
    pub(super) fn is_known(&self) -> bool {
        !self.open && !self.atoms.is_empty()
    }

    /// Whether it is text, and all that it may be is known.
    pub(super) fn is_known_text(&self) -> bool {
        self.is_known() && self.atoms.iter().all(|atom| matches!(atom, Atom::Text(_) | Atom::Bytes(_)))
    }

    /// The elements that iterating over this gives, when that is certain.
    pub(super) fn elements(&self) -> Option<Vec<Self>> {
        match self.only()? {
            Atom::List(items) => Some(items.to_vec()),
            Atom::Text(text) if text.len() <= MAX_ITEMS => {
                Some(text.chars().map(|c| Self::text(c.to_string())).collect())
            }
            Atom::Bytes(bytes) if bytes.len() <= MAX_ITEMS => {
                Some(bytes.iter().map(|&byte| Self::int(i64::from(byte))).collect())
            }
            Atom::Dict(items) => Some(items.iter().map(|(key, _)| key.clone()).collect()),
            _ => None,
        }
    }

    /// Whether this is true in a condition, when that is certain.
    pub(super) fn truth(&self) -> Option<bool> {
        Some(match self.only()? {
            Atom::Text(text) => !text.is_empty(),
            Atom::Bytes(bytes) => !bytes.is_empty(),
            Atom::Int(number) => *number != 0,
            Atom::Nothing => false,
            Atom::List(items) => !items.is_empty(),
            Atom::Dict(items) => !items.is_empty(),
            _ => return None,
        })
    }
}

impl Atom {
    /// Text, also of bytes that are text: for names they are the same.
    pub(super) fn as_text(&self) -> Option<Rc<str>> {
        match self {
            Self::Text(text) => Some(Rc::clone(text)),
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok().map(Rc::from),
            _ => None,
        }
    }
}

/// Equality of what is small; large constants are compared by address, since comparing all would be slow.
fn same(a: &Atom, b: &Atom) -> bool {
    match (a, b) {
        (Atom::List(a), Atom::List(b)) => Rc::ptr_eq(a, b) || a.is_empty() && b.is_empty(),
        (Atom::Dict(a), Atom::Dict(b)) => Rc::ptr_eq(a, b) || a.is_empty() && b.is_empty(),
        (Atom::Partial(a), Atom::Partial(b)) => Rc::ptr_eq(a, b),
        (Atom::Method(a), Atom::Method(b)) => Rc::ptr_eq(a, b),
        (a, b) => a == b,
    }
}

pub(super) fn add_taints(taints: &mut Vec<Taint>, more: &[Taint]) {
    for taint in more {
        if taints.len() < 8 && !taints.iter().any(|known| known.kind == taint.kind) {
            taints.push(taint.clone());
        }
    }
}
