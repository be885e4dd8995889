//! What holds for any document.

use crate::common::{author, document, findings};
use rules::{MAX_AUTHORS, MAX_TEXT, RULES, Refusal, validate};

#[test]
fn rules_are_in_order_and_sourced() {
    assert!(RULES.is_sorted_by(|left, right| left.id < right.id));
    for rule in RULES {
        assert!(!rule.title.is_empty() && !rule.source.citation.is_empty(), "{}", rule.id);
        assert_eq!(
            (rule.source.jurisdiction.len(), rule.source.in_force_since.len()),
            (2, 10),
            "{}",
            rule.id
        );
    }
}

#[test]
fn languages() {
    for language in ["pt", "pt-BR", "PT-br", "pt_PT"] {
        let one = rules::Document { language: language.into(), ..document("Texto.") };
        assert!(validate(&one).is_ok(), "{language}");
    }
    for language in ["", "en", "es-AR", "ptx", "-pt"] {
        let one = rules::Document { language: language.into(), ..document("Texto.") };
        assert_eq!(validate(&one), Err(Refusal::UnsupportedLanguage), "{language}");
    }
}

#[test]
fn bounds() {
    assert!(matches!(validate(&document(&"a".repeat(MAX_TEXT + 1))), Err(Refusal::TooLarge(_))));
    let mut one = document("");
    one.authors = vec![author("a", None); MAX_AUTHORS + 1];
    assert!(matches!(validate(&one), Err(Refusal::TooLarge(_))));
    let many = document(&"Garantimos cura. ".repeat(600));
    assert!(matches!(validate(&many), Err(Refusal::TooLarge(_))));
    let addresses = document(&"a@b.cd ".repeat(60_000));
    assert!(matches!(validate(&addresses), Err(Refusal::TooLarge(_))));
    let named = document(&"Dr. Rui Lima. ".repeat(1001));
    assert!(matches!(validate(&named), Err(Refusal::TooLarge(_))));
}

#[test]
fn findings_are_in_the_order_of_their_place() {
    let mut one = document("<p>CPF 529.982.247-25. Garantimos a cura, diz o Dr. Rui Lima.</p>");
    one.title = "Cura garantida".into();
    one.authors = vec![author("Dr. X", None)];
    let found = findings(&one);
    let ids: Vec<_> = found.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(ids, ["ADV-1", "GOV-4", "PII-1", "ADV-1", "CRED-1", "CRED-1"]);
}

#[test]
fn any_markup_ends_soon_and_in_place() {
    let pieces = [
        "<",
        ">",
        "<p>",
        "</p>",
        "<!--",
        "-->",
        "<script>",
        "</script",
        "<a href=\"",
        "\"",
        "'",
        "&",
        "&nbsp;",
        "&#x",
        ";",
        "Dr. ",
        "Ana ",
        "médico ",
        "CRM",
        "/SP ",
        "123456",
        "Garantimos ",
        "cura ",
        "não ",
        "100%",
        "\n\n",
        "é",
        "\u{301}",
        "😀",
        "529.982.247-25",
        "paciente ",
        "CPF ",
        ".",
        ",",
        "?",
    ];
    let mut random = 1u64;
    for round in 0..20_000 {
        let mut body = String::new();
        for _ in 0..round % 30 {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            body.push_str(pieces[(random >> 33) as usize % pieces.len()]);
        }
        for finding in findings(&document(&body)) {
            assert!(body.get(finding.start..finding.end).is_some(), "{finding:?} in {body:?}");
        }
    }
    for piece in pieces {
        let body = piece.repeat(200_000 / piece.len());
        let started = std::time::Instant::now();
        let _ = validate(&document(&body));
        assert!(started.elapsed().as_secs() < 10, "{piece:?} repeated took {:?}", started.elapsed());
    }
}
