//! The places of declarations, which the JSON of wit-parser leaves out.

use serde::Serialize;
use std::collections::BTreeMap;
use wit_parser::{Function, Interface, Resolve, Span, TypeDef, TypeDefKind, World, WorldItem, WorldKey};

/// All of the result.
#[derive(Serialize)]
pub struct Output<'a> {
    resolve: &'a Resolve,
    spans: Spans,
}

/// The arenas of a [`Resolve`] again.
#[derive(Serialize)]
struct Spans {
    worlds: Vec<WorldSpans>,
    interfaces: Vec<InterfaceSpans>,
    types: Vec<TypeSpans>,
}

#[derive(Serialize)]
struct WorldSpans {
    at: u32,
    imports: BTreeMap<String, FunctionSpans>,
    exports: BTreeMap<String, FunctionSpans>,
}

#[derive(Serialize)]
struct InterfaceSpans {
    at: u32,
    functions: BTreeMap<String, FunctionSpans>,
}

/// A function, or something else in a world, which has no parameters.
#[derive(Serialize)]
struct FunctionSpans {
    at: u32,
    params: Vec<u32>,
}

/// A type, and its fields, cases or flags.
#[derive(Serialize)]
struct TypeSpans {
    at: u32,
    members: Vec<u32>,
}

impl<'a> Output<'a> {
    /// What is said of resolved packages.
    pub fn of(resolve: &'a Resolve) -> Self {
        let spans = Spans {
            worlds: resolve.worlds.iter().map(|(_, world)| WorldSpans::of(world)).collect(),
            interfaces: resolve.interfaces.iter().map(|(_, i)| InterfaceSpans::of(i)).collect(),
            types: resolve.types.iter().map(|(_, t)| TypeSpans::of(t)).collect(),
        };
        Output { resolve, spans }
    }
}

impl WorldSpans {
    fn of(world: &World) -> Self {
        let items = |items: &mut dyn Iterator<Item = (&WorldKey, &WorldItem)>| {
            items.map(|(key, item)| (String::from(key.clone()), FunctionSpans::item(item))).collect()
        };
        WorldSpans {
            at: start(world.span),
            imports: items(&mut world.imports.iter()),
            exports: items(&mut world.exports.iter()),
        }
    }
}

impl InterfaceSpans {
    fn of(interface: &Interface) -> Self {
        let functions = interface.functions.iter();
        InterfaceSpans {
            at: start(interface.span),
            functions: functions.map(|(name, f)| (name.clone(), FunctionSpans::of(f))).collect(),
        }
    }
}

impl FunctionSpans {
    fn of(function: &Function) -> Self {
        let params = function.params.iter().map(|p| start(p.span)).collect();
        FunctionSpans { at: start(function.span), params }
    }

    fn item(item: &WorldItem) -> Self {
        match item {
            WorldItem::Function(function) => FunctionSpans::of(function),
            other => FunctionSpans { at: start(other.span()), params: Vec::new() },
        }
    }
}

impl TypeSpans {
    fn of(definition: &TypeDef) -> Self {
        let members = match &definition.kind {
            TypeDefKind::Record(r) => r.fields.iter().map(|f| start(f.span)).collect(),
            TypeDefKind::Variant(v) => v.cases.iter().map(|c| start(c.span)).collect(),
            TypeDefKind::Enum(e) => e.cases.iter().map(|c| start(c.span)).collect(),
            TypeDefKind::Flags(f) => f.flags.iter().map(|f| start(f.span)).collect(),
            _ => Vec::new(),
        };
        TypeSpans { at: start(definition.span), members }
    }
}

/// Where a span begins; the greatest number where it is not known, as in what
/// came from WebAssembly.
fn start(span: Span) -> u32 {
    if span.is_known() { span.start() } else { u32::MAX }
}
