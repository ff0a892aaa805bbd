//! The table of operators as a whole: names, attributes, arity.

use tvmtrt::ops::OPS;

#[test]
fn names_are_sorted_and_unique() {
    for pair in OPS.windows(2) {
        assert!(pair[0].name < pair[1].name, "{} stands before {}", pair[0].name, pair[1].name);
    }
}

#[test]
fn every_operator_and_attribute_is_documented() {
    for op in OPS {
        assert!(op.doc.ends_with('.') && op.doc.len() < 160, "{}: {}", op.name, op.doc);
        assert!(op.arity.0 <= op.arity.1, "{}", op.name);
        for attr in op.attrs.specs {
            assert!(!attr.doc.trim().is_empty(), "{}.{}", op.name, attr.name);
        }
    }
}

#[test]
fn operators_are_found_by_name() {
    for op in OPS {
        assert_eq!(tvmtrt::ops::find(op.name), Some(*op));
    }
    assert_eq!(tvmtrt::ops::find("nn.conv9d"), None);
}
