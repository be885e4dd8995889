//! CRED-1: texts that pass, fail, and nearly fail.

use crate::common::{NOTICE, author, document, fails, findings, passes};

const RULE: &str = "CRED-1";

#[test]
fn a_full_identification_passes() {
    passes(RULE, "Dra. Ana Souza, médica, CRM/SP 123456.");
    passes(RULE, "Dr. João de Lima – MÉDICO – CRM-RJ 52.12345-6.");
    passes(RULE, "Médica Ana Souza (CRM 123456/SP).");
    passes(RULE, "<p>Dra. Ana Souza</p><p>Médica cardiologista</p><p>CRM SP nº 123.456</p>");
    passes(RULE, "Dr. Rui Sá, médico, CRMSP 12345.");
    passes(RULE, "Doutora Ana Souza, M&Eacute;DICA, CRM&nbsp;123456&nbsp;SP.");
    passes(
        RULE,
        "Dra. Ana Souza, médica, CRM/SP 123456, explica. Segundo a Dra. Ana, é comum. A Dra. Souza concorda.",
    );
}

#[test]
fn a_bare_name_fails() {
    fails(RULE, "Segundo o Dr. João Lima, é comum.", &["Dr. João Lima"]);
    fails(RULE, "A Dra. Ana explica.", &["Dra. Ana"]);
    fails(RULE, "A doutora Ana Paula de Souza explica.", &["doutora Ana Paula de Souza"]);
    fails(RULE, "A médica Ana Souza explica.", &["médica Ana Souza"]);
    fails(RULE, "O médico cardiologista João Lima explica.", &["médico cardiologista João Lima"]);
    fails(RULE, "Dr. <b>Jo&atilde;o</b> Lima.", &["Dr. <b>Jo&atilde;o</b> Lima"]);
}

#[test]
fn one_name_is_reported_once() {
    fails(RULE, "O Dr. João Lima veio. O Dr. João voltou. O Dr. Lima saiu.", &["Dr. João Lima"]);
}

#[test]
fn a_partial_identification_nearly_passes() {
    fails(RULE, "Dra. Ana Souza, CRM/SP 123456.", &["Dra. Ana Souza"]); // No word.
    fails(RULE, "Dra. Ana Souza, CRM/SP 123456. Marque sua consulta médica.", &["Dra. Ana Souza"]);
    fails(RULE, "Dra. Ana Souza, médica, CRM 123456.", &["Dra. Ana Souza"]); // No unit.
    fails(RULE, "Dra. Ana Souza, médica, CRM/SP.", &["Dra. Ana Souza"]); // No number.
    fails(RULE, "Dra. Ana Souza, médica, CRM/XX 123456.", &["Dra. Ana Souza"]); // No such unit.
    fails(RULE, "Dra. Ana Souza, médica, CRM 123456, se possível.", &["Dra. Ana Souza"]); // "se" is no unit.
    fails(RULE, "Ana Souza, CRM/SP 123456.", &["CRM/SP 123456"]);
}

#[test]
fn one_registration_serves_one_name() {
    fails(RULE, "O Dr. Rui Lima e a Dra. Ana Souza, médica, CRM/SP 123456.", &["Dr. Rui Lima"]);
}

#[test]
fn who_is_no_physician_passes() {
    passes(RULE, "Dr. Rui Lima, CRO-SP 12345, dentista.");
    passes(RULE, "A enfermeira Ana Souza explica.");
    passes(RULE, "Consulte um médico. O médico do Hospital Central atende.");
    passes(RULE, "Fica na Rua Dr. Arnaldo, 455, e na Av. Dr. Enéas.");
    passes(RULE, "O CRM orienta. Médicos Sem Fronteiras atua.");
    passes(RULE, "<img alt=\"Dr. João Lima\"><!-- Dra. Ana -->Texto.");
    passes(RULE, "A palavra doutor vem do latim.");
}

#[test]
fn an_authors_credential_serves_the_text() {
    let mut one = document(&format!("A Dra. Ana Souza explica.{NOTICE}"));
    one.authors = vec![author("Ana Beatriz de Souza", Some(("CRM", "123456", "SP")))];
    assert_eq!(findings(&one), []);
    one.authors = vec![author("Rui Lima", Some(("CRM", "123456", "SP")))];
    assert_eq!(findings(&one).len(), 1, "another's credential");
}

#[test]
fn authors_are_checked() {
    let check = |authors: Vec<rules::Author>| {
        let mut one = document(NOTICE);
        one.authors = authors;
        findings(&one)
    };
    assert_eq!(check(vec![author("Redação", None)]), []);
    assert_eq!(check(vec![author("Ana Souza", Some(("CRM", "123456", "SP")))]), []);
    assert_eq!(check(vec![author("Rui", Some(("COREN", "", "")))]), []);
    for wrong in [
        author("Dra. Ana Souza", None),
        author("Ana", Some(("CRM", "", "SP"))),
        author("Ana", Some(("CRM", "12a", "SP"))),
        author("Ana", Some(("crm", "123456", "XX"))),
    ] {
        let found = check(vec![author("Redação", None), wrong.clone()]);
        assert_eq!(found.len(), 1, "{wrong:?}");
        assert_eq!((found[0].field, found[0].start, found[0].end), (rules::Field::Authors, 0, 0));
        assert!(found[0].message.contains("nº 2"), "{}", found[0].message);
        assert!(!found[0].message.contains("Ana"), "a finding never names a person");
    }
}

#[test]
fn titles_and_excerpts_are_checked() {
    let mut one = document(NOTICE);
    one.title = "Entrevista com o Dr. João Lima".into();
    one.excerpt = "Quando Procurar um Médico. Com a médica Ana Souza.".into();
    let found = findings(&one);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(&one.title[found[0].start..found[0].end], "Dr. João Lima");
    assert_eq!(&one.excerpt[found[1].start..found[1].end], "médica Ana Souza");
}
