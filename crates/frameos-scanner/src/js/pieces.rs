//! What functions, classes, objects and lists written in the file hold: the second half of resolving a member.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    ArrayExpression, ArrayExpressionElement, Class, ClassElement, Declaration, Expression, NewExpression,
    ObjectExpression, ObjectPropertyKind, PropertyKey, PropertyKind, Statement, TSNamespaceDeclaration,
    TSNamespaceDeclarationBody,
};
use oxc_semantic::NodeId;

use super::flows::Owner;
use super::path::{Path, Root, UNKNOWN};
use super::resolve::Resolver;

impl<'a> Resolver<'_, 'a> {
    /// Everything the member `name` of `path` may be.
    pub(super) fn members(&self, path: Path<'a>, name: &'a str, hops: u32) -> Vec<Path<'a>> {
        match (path.root, path.members()) {
            (Root::Node(id), []) => self.piece_members(id, path, name, hops),
            (Root::Node(id), ["prototype"]) if self.burn_soft(1, hops) => {
                self.instance_members(id, name, hops)
            }
            (Root::Node(_), [.., "call" | "apply" | "bind"]) if is_function_method(name) => {
                vec![path.member(name)]
            }
            (Root::Node(_), _) if name == "constructor" => vec![Path::global("Function")],
            (Root::Node(_), _) => Vec::new(),
            // Something unknown has members without number; what it may be called through is enough.
            (Root::Global(UNKNOWN), _) if !passes_on(name) => Vec::new(),
            // Far from anything that matters, only what leads to functions is followed.
            (Root::Global(_), [_, _, ..]) if !path.is_of_interest() && !leads_on(name) => Vec::new(),
            (Root::Module(_), _) => vec![self.linked(path.member(name))],
            _ => vec![path.member(name)],
        }
    }

    /// What the elements of a list may be, or what a promise of these may become.
    pub(super) fn elements(&self, paths: &[Path<'a>], hops: u32) -> Vec<Path<'a>> {
        let mut found = Vec::new();
        for path in paths {
            let more = match path.as_node() {
                Some(_) => self.members(*path, UNKNOWN, hops),
                None => vec![*path],
            };
            found = self.union(found, more);
        }
        found
    }

    fn piece_members(&self, id: NodeId, path: Path<'a>, name: &'a str, hops: u32) -> Vec<Path<'a>> {
        match self.semantic.nodes().kind(id) {
            AstKind::ObjectExpression(object) if name == "constructor" && !has_key(object, name) => {
                vec![Path::global("Object")]
            }
            AstKind::ObjectExpression(object) if name == "__proto__" && !has_key(object, name) => {
                vec![Path::global("Object").member("prototype")]
            }
            AstKind::ArrayExpression(_) if name == "__proto__" => {
                vec![Path::global("Array").member("prototype")]
            }
            AstKind::ObjectExpression(object) => self.object_members(object, name, hops),
            AstKind::ArrayExpression(array) => self.array_members(array, path, name, hops),
            AstKind::Class(class) => match name {
                "prototype" => vec![path.member("prototype")],
                "constructor" => vec![Path::global("Function")],
                _ => self.class_members(class, true, name, hops),
            },
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) => match name {
                "constructor" => vec![Path::global("Function")],
                "__proto__" => vec![Path::global("Function").member("prototype")],
                "prototype" | "call" | "apply" | "bind" => vec![path.member(name)],
                _ => Vec::new(),
            },
            AstKind::TSNamespaceDeclaration(space) => self.namespace_members(space, name, hops),
            _ => Vec::new(),
        }
    }

    /// What a namespace of TypeScript exports.
    fn namespace_members(
        &self,
        space: &'a TSNamespaceDeclaration<'a>,
        name: &'a str,
        hops: u32,
    ) -> Vec<Path<'a>> {
        let block = match &space.body {
            TSNamespaceDeclarationBody::TSModuleBlock(block) => block,
            TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) if inner.id.name == name => {
                return vec![Path::node(inner.node_id.get())];
            }
            TSNamespaceDeclarationBody::TSNamespaceDeclaration(_) => return Vec::new(),
        };
        let mut paths = Vec::new();
        if !self.burn_soft(1 + block.body.len() / 8, hops) {
            return paths;
        }
        for statement in &block.body {
            let Statement::ExportDeclaration(export) = statement else { continue };
            let more = match &export.declaration {
                Declaration::VariableDeclaration(list) => {
                    let value = list.declarations.iter().find_map(|declarator| {
                        declarator
                            .init
                            .as_ref()
                            .filter(|_| declarator.id.get_identifier_name() == Some(name.into()))
                    });
                    value.map(|value| self.paths_at(value, hops + 1)).unwrap_or_default()
                }
                Declaration::FunctionDeclaration(function)
                    if function.id.as_ref().is_some_and(|id| id.name == name) =>
                {
                    vec![Path::node(function.node_id.get())]
                }
                Declaration::ClassDeclaration(class)
                    if class.id.as_ref().is_some_and(|id| id.name == name) =>
                {
                    vec![Path::node(class.node_id.get())]
                }
                Declaration::TSNamespaceDeclaration(inner) if inner.id.name == name => {
                    vec![Path::node(inner.node_id.get())]
                }
                _ => continue,
            };
            paths = self.union(paths, more);
        }
        paths
    }

    fn object_members(&self, object: &'a ObjectExpression<'a>, name: &'a str, hops: u32) -> Vec<Path<'a>> {
        let mut paths = Vec::new();
        if !self.burn_soft(1 + object.properties.len() / 8, hops) {
            return paths;
        }
        // `Object.values` and the like number what had names.
        let is_any =
            name == UNKNOWN || name.bytes().all(|byte| byte.is_ascii_digit()) && !has_key(object, name);
        for property in &object.properties {
            match property {
                ObjectPropertyKind::ObjectProperty(property) => {
                    let found = if !is_any && is_key(&property.key, "__proto__") && !property.computed {
                        self.paths_at(&property.value, hops + 1)
                            .into_iter()
                            .flat_map(|path| self.members(path, name, hops + 1))
                            .collect()
                    } else if is_any || self.is_named(&property.key, name, hops) {
                        self.property_value(property.kind, &property.value, hops)
                    } else {
                        continue;
                    };
                    paths = self.union(paths, found);
                }
                ObjectPropertyKind::SpreadProperty(spread) => {
                    for path in self.paths_at(&spread.argument, hops + 1) {
                        paths = self.union(paths, self.members(path, name, hops + 1));
                    }
                }
            }
        }
        paths
    }

    fn property_value(&self, kind: PropertyKind, value: &'a Expression<'a>, hops: u32) -> Vec<Path<'a>> {
        match (kind, value) {
            (PropertyKind::Get, Expression::FunctionExpression(getter)) => {
                self.return_paths(getter.node_id.get(), hops)
            }
            (PropertyKind::Set, _) => Vec::new(),
            _ => self.paths_at(value, hops + 1),
        }
    }

    fn is_named(&self, key: &'a PropertyKey<'a>, name: &str, hops: u32) -> bool {
        match key {
            PropertyKey::StaticIdentifier(key) => key.name == name,
            PropertyKey::PrivateIdentifier(key) => key.name == name,
            PropertyKey::StringLiteral(key) => key.value == name,
            key => match key.as_expression() {
                // A key that does not fold may be any.
                Some(key) => self.fold_string(key, hops + 1).is_none_or(|key| key == name),
                None => false,
            },
        }
    }

    fn array_members(
        &self,
        array: &'a ArrayExpression<'a>,
        path: Path<'a>,
        name: &'a str,
        hops: u32,
    ) -> Vec<Path<'a>> {
        let index = name.parse::<usize>().ok();
        if index.is_none() && name != UNKNOWN {
            return match name {
                "constructor" => vec![Path::global("Array")],
                "length" => Vec::new(),
                _ => self.union(vec![path.member(name)], self.entry_values(array, name, hops)),
            };
        }
        let mut paths = Vec::new();
        if !self.burn_soft(1 + array.elements.len() / 8, hops) {
            return paths;
        }
        let has_spread = array.elements.iter().any(ArrayExpressionElement::is_spread);
        for (at, element) in array.elements.iter().enumerate() {
            if let ArrayExpressionElement::SpreadElement(spread) = element {
                paths = self.union(paths, self.grown_paths(&spread.argument, hops + 1));
                let spread = self.paths_at(&spread.argument, hops + 1);
                paths = self.union(paths, self.elements(&spread, hops + 1));
            } else if (has_spread || index.is_none_or(|index| index == at))
                && let Some(element) = element.as_expression()
            {
                paths = self.union(paths, self.paths_at(element, hops + 1));
            }
        }
        paths
    }

    /// What a list of names and values gives by a name, once it is an object.
    fn entry_values(&self, array: &'a ArrayExpression<'a>, name: &str, hops: u32) -> Vec<Path<'a>> {
        let is_list = matches!(array.elements.first(), Some(ArrayExpressionElement::ArrayExpression(_)));
        let mut paths = Vec::new();
        if !is_list || !self.burn_soft(1 + array.elements.len() / 8, hops) {
            return paths;
        }
        for element in &array.elements {
            if let ArrayExpressionElement::ArrayExpression(pair) = element
                && let [ArrayExpressionElement::StringLiteral(key), value] = pair.elements.as_slice()
                && key.value == name
                && let Some(value) = value.as_expression()
            {
                paths = self.union(paths, self.paths_at(value, hops + 1));
            }
        }
        paths
    }

    fn class_members(
        &self,
        class: &'a Class<'a>,
        is_static: bool,
        name: &'a str,
        hops: u32,
    ) -> Vec<Path<'a>> {
        let mut paths = Vec::new();
        if !self.burn_soft(1 + class.body.body.len() / 8, hops) {
            return paths;
        }
        for element in &class.body.body {
            match element {
                ClassElement::PropertyDefinition(field)
                    if field.r#static == is_static && self.is_named(&field.key, name, hops) =>
                {
                    if let Some(value) = &field.value {
                        paths = self.union(paths, self.paths_at(value, hops + 1));
                    }
                }
                ClassElement::MethodDefinition(method)
                    if method.r#static == is_static && self.is_named(&method.key, name, hops) =>
                {
                    let id = method.value.node_id.get();
                    let found =
                        if method.kind.is_get() { self.return_paths(id, hops) } else { vec![Path::node(id)] };
                    paths = self.union(paths, found);
                }
                _ => {}
            }
        }
        if let (true, Some(parent)) = (paths.is_empty(), &class.heritage) {
            for parent in self.paths_at(&parent.expression, hops + 1) {
                let of = if is_static { parent } else { parent.member("prototype") };
                paths = self.union(paths, self.members(of, name, hops + 1));
            }
        }
        paths
    }

    fn instance_members(&self, id: NodeId, name: &'a str, hops: u32) -> Vec<Path<'a>> {
        let paths = match self.semantic.nodes().kind(id) {
            AstKind::Class(class) => self.class_members(class, false, name, hops),
            // The traps of a proxy: what it has is what its `get` returns.
            AstKind::ObjectExpression(traps) => self
                .object_members(traps, "get", hops)
                .iter()
                .filter_map(Path::as_node)
                .flat_map(|get| self.return_paths(get, hops + 1))
                .collect(),
            _ => Vec::new(),
        };
        if name == "constructor" && paths.is_empty() {
            return vec![Path::node(id)];
        }
        self.union(paths, self.assigned(Owner::This, name, hops))
    }

    /// What `new X()` gives.
    pub(super) fn instance_paths(&self, new: &'a NewExpression<'a>, hops: u32) -> Vec<Path<'a>> {
        let mut paths = Vec::new();
        for class in self.paths_at(&new.callee, hops + 1) {
            let more = match (class.root, class.members()) {
                (Root::Node(_), []) => vec![class.member("prototype")],
                (Root::Global("Proxy"), []) => {
                    let argument =
                        |at: usize| new.arguments.get(at).and_then(|argument| argument.as_expression());
                    let target =
                        argument(0).map(|target| self.paths_at(target, hops + 1)).unwrap_or_default();
                    let traps = argument(1).map(|traps| self.paths_at(traps, hops + 1)).unwrap_or_default();
                    let traps = traps.into_iter().filter(|traps| traps.as_node().is_some());
                    self.union(target, traps.map(|traps| traps.member("prototype")).collect())
                }
                (
                    Root::Global("Map" | "Set" | "WeakMap" | "WeakSet" | "WeakRef" | "Array" | "Object"),
                    [],
                ) => {
                    let argument = new.arguments.first().and_then(|argument| argument.as_expression());
                    argument.map(|argument| self.paths_at(argument, hops + 1)).unwrap_or_default()
                }
                (Root::Global("Promise"), []) => {
                    let mut values = Vec::new();
                    for value in self.definitions.flows.settled(new.node_id.get()) {
                        if self.burn_soft(1, hops) {
                            values = self.union(values, self.paths_at(value, hops + 1));
                        }
                    }
                    values
                }
                (Root::Global("XMLHttpRequest" | "WebSocket"), []) => vec![class.member("prototype")],
                (Root::Module("net" | "tls" | "ws"), _) => vec![class.member("()")],
                (Root::Module("module"), []) => vec![Path::global("module")],
                _ => Vec::new(),
            };
            paths = self.union(paths, more);
        }
        paths
    }

    /// What calling a function of this file gives.
    pub(super) fn return_paths(&self, function: NodeId, hops: u32) -> Vec<Path<'a>> {
        let mut paths = Vec::new();
        for value in self.definitions.flows.returns_of(function) {
            if !self.burn_soft(1, hops) {
                break;
            }
            let more = match value.get_inner_expression() {
                // Called plainly, a function that is not strict has the global object for `this`.
                Expression::ThisExpression(_) => vec![Path::global("globalThis")],
                _ => self.paths_at(value, hops + 1),
            };
            paths = self.union(paths, more);
        }
        paths
    }
}

fn leads_on(name: &str) -> bool {
    is_function_method(name)
        || matches!(name, "constructor" | "prototype" | "__proto__" | "require" | "_load" | "_compile")
}

fn passes_on(name: &str) -> bool {
    matches!(name, "call" | "apply" | "bind" | "find" | "at" | "pop" | "shift" | "filter" | "constructor")
}

fn is_function_method(name: &str) -> bool {
    matches!(name, "call" | "apply" | "bind")
}

fn is_key(key: &PropertyKey<'_>, name: &str) -> bool {
    match key {
        PropertyKey::StaticIdentifier(key) => key.name == name,
        PropertyKey::StringLiteral(key) => key.value == name,
        _ => false,
    }
}

fn has_key(object: &ObjectExpression<'_>, name: &str) -> bool {
    object.properties.iter().any(|property| {
        property.as_property().is_some_and(|property| match &property.key {
            PropertyKey::NumericLiteral(key) => key.value.to_string() == name,
            key => is_key(key, name),
        })
    })
}
