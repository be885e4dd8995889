//! What is found in text, and what is not.

use identifiers::{Kind, detect};

/// The kinds and texts found, with the least confidence that each must have.
fn found(text: &str) -> Vec<(Kind, &str, u8)> {
    let spans = detect(text).expect("within bounds");
    spans.iter().map(|span| (span.kind, &text[span.start..span.end], span.confidence)).collect()
}

#[track_caller]
fn finds(text: &str, expected: &[(Kind, &str, u8)]) {
    let found = found(text);
    let plain = |spans: &[(Kind, &str, u8)]| {
        spans.iter().map(|&(kind, text, _)| format!("{kind:?} {text}")).collect::<Vec<_>>()
    };
    assert_eq!(plain(&found), plain(expected), "in {text:?}");
    for (span, least) in found.iter().zip(expected) {
        assert!(span.2 >= least.2, "{span:?} is below {} in {text:?}", least.2);
    }
}

#[track_caller]
fn finds_nothing(text: &str) {
    finds(text, &[]);
}

#[test]
fn finds_cpf() {
    use Kind::Cpf;
    finds("Paciente João, CPF 529.982.247-25, compareceu.", &[(Cpf, "529.982.247-25", 100)]);
    finds("529.982.247-25", &[(Cpf, "529.982.247-25", 95)]);
    finds("cpf: 52998224725.", &[(Cpf, "52998224725", 98)]);
    finds("CPF52998224725", &[(Cpf, "52998224725", 98)]);
    finds("inscrito sob 52998224725 no sistema", &[(Cpf, "52998224725", 60)]);
    finds("o 52998224725 (CPF)", &[(Cpf, "52998224725", 98)]);
    finds("529982247-25", &[(Cpf, "529982247-25", 95)]);
    finds("111.444.777-35 e 529.982.247-25", &[(Cpf, "111.444.777-35", 95), (Cpf, "529.982.247-25", 95)]);
}

#[test]
fn finds_cpf_broken_by_spaces() {
    use Kind::Cpf;
    finds("529 982 247 25", &[(Cpf, "529 982 247 25", 80)]);
    finds("529.982.247 -25", &[(Cpf, "529.982.247 -25", 95)]);
    finds("529.982.247\u{a0}-\u{a0}25", &[(Cpf, "529.982.247\u{a0}-\u{a0}25", 95)]);
    finds("529\u{2009}982\u{2009}247\u{2009}25", &[(Cpf, "529\u{2009}982\u{2009}247\u{2009}25", 80)]);
    finds("529.98 2.247-25", &[(Cpf, "529.98 2.247-25", 60)]);
    finds("CPF 5 2 9 9 8 2 2 4 7 2 5 e mais", &[(Cpf, "5 2 9 9 8 2 2 4 7 2 5", 90)]);
    finds("CPF 529.982.\n247-25", &[(Cpf, "529.982.\n247-25", 90)]);
}

#[test]
fn refuses_what_is_no_cpf() {
    finds_nothing("111.111.111-11");
    finds_nothing("CPF 000.000.000-00");
    finds_nothing("529.982.247-26");
    finds_nothing("lote A52998224725");
    finds_nothing("0,52998224725 mg");
    finds_nothing("5 2 9 9 8 2 2 4 7 2 5");
    finds_nothing("529982247250");
}

#[test]
fn a_named_number_with_a_wrong_digit_is_a_guess() {
    finds("CPF 529.982.247-26", &[(Kind::Cpf, "529.982.247-26", 40)]);
    assert!(found("CPF 529.982.247-26")[0].2 < 50);
}

/// 11987654374 passes CPF's check and is a mobile's number in São Paulo.
#[test]
fn context_decides_between_cpf_and_phone() {
    finds("11987654374", &[(Kind::Cpf, "11987654374", 60)]);
    finds("celular 11987654374", &[(Kind::Phone, "11987654374", 97)]);
    finds("CPF 11987654374", &[(Kind::Cpf, "11987654374", 98)]);
    finds("CPF e telefone: 11987654374", &[(Kind::Phone, "11987654374", 97)]);
    assert!(found("protocolo 11987654374")[0].2 < 50);
}

#[test]
fn finds_cnpj() {
    use Kind::Cnpj;
    finds("CNPJ 11.222.333/0001-81", &[(Cnpj, "11.222.333/0001-81", 100)]);
    finds("11222333000181", &[(Cnpj, "11222333000181", 75)]);
    finds("Clínica (CNPJ 12.ABC.345/01DE-35).", &[(Cnpj, "12.ABC.345/01DE-35", 100)]);
    finds("12.abc.345/01de-35", &[(Cnpj, "12.abc.345/01de-35", 95)]);
    finds("cnpj 12ABC34501DE35", &[(Cnpj, "12ABC34501DE35", 100)]);
    finds("12ABC34501DE35", &[(Cnpj, "12ABC34501DE35", 55)]);
    finds_nothing("12.ABC.345/01DE-36");
    finds_nothing("12abc34501de35");
    finds_nothing("00.000.000/0000-00");
}

#[test]
fn finds_cns() {
    use Kind::Cns;
    finds("CNS 898 0000 0004 3208", &[(Cns, "898 0000 0004 3208", 100)]);
    finds("Cartão Nacional de Saúde (SUS): 174598435280018", &[(Cns, "174598435280018", 98)]);
    finds("cartão 750655718440005", &[(Cns, "750655718440005", 98)]);
    finds("285054561330005", &[(Cns, "285054561330005", 65)]);
    finds("cartão do SUS nº 7506 5571 8440 005", &[(Cns, "7506 5571 8440 005", 90)]);
    finds_nothing("898000000043209");
    finds_nothing("398000000043208");
}

#[test]
fn finds_phones() {
    use Kind::Phone;
    finds("(11) 98765-4321", &[(Phone, "(11) 98765-4321", 90)]);
    finds("+55 11 98765-4321", &[(Phone, "+55 11 98765-4321", 95)]);
    finds("+5511987654321", &[(Phone, "+5511987654321", 95)]);
    finds("+55 (11) 3333-4444", &[(Phone, "+55 (11) 3333-4444", 95)]);
    finds("telefone: +55 21 97654-3210", &[(Phone, "+55 21 97654-3210", 99)]);
    finds("55 11 98765-4321", &[(Phone, "55 11 98765-4321", 80)]);
    finds("21 2345-6789", &[(Phone, "21 2345-6789", 80)]);
    finds("011 98765-4321", &[(Phone, "011 98765-4321", 80)]);
    finds("11 9 8765-4321", &[(Phone, "11 9 8765-4321", 80)]);
    finds("11 98765 4321", &[(Phone, "11 98765 4321", 65)]);
    finds("11 987 654 321", &[(Phone, "11 987 654 321", 65)]);
    finds("tel. 3333-4444", &[(Phone, "3333-4444", 85)]);
    finds("Telefone: 1133334444", &[(Phone, "1133334444", 97)]);
    finds("WhatsApp 98765\u{a0}4321", &[(Phone, "98765\u{a0}4321", 85)]);
    finds("98765-4321", &[(Phone, "98765-4321", 50)]);
}

#[test]
fn refuses_what_is_no_phone() {
    finds("(20) 98765-4321", &[(Kind::Phone, "98765-4321", 50)]); // No such area.
    finds_nothing("(11) 68765-4321"); // Nine digits start with 9.
    finds_nothing("(11) 6333-4444"); // Eight with 2 to 5.
    finds_nothing("de 2019-2020");
    finds_nothing("3333-4444");
    finds_nothing("1133334444");
    finds_nothing("protocolo 21987654321");
    finds_nothing("pressão 120/80, FC 98");
    finds_nothing("CEP 01310-100");
}

#[test]
fn finds_email() {
    use Kind::Email;
    finds("escreva a maria.silva@hospital.com.br.", &[(Email, "maria.silva@hospital.com.br", 98)]);
    finds("<joão.conceição@exemplo.org>", &[(Email, "joão.conceição@exemplo.org", 98)]);
    finds("maria @ gmail.com", &[(Email, "maria @ gmail.com", 70)]);
    finds("a+b@c-d.com, e@f.io", &[(Email, "a+b@c-d.com", 98), (Email, "e@f.io", 98)]);
    finds_nothing("siga @perfil.oficial no Instagram");
    finds_nothing("@@ a@ @b a@b a@b.1 a@.com");
}

#[test]
fn finds_dates() {
    use Kind::Date;
    finds("nascida em 12/03/1984", &[(Date, "12/03/1984", 98)]);
    finds("12-03-2024 e 12.03.2024", &[(Date, "12-03-2024", 90), (Date, "12.03.2024", 90)]);
    finds("2024-03-12T10:30:00Z", &[(Date, "2024-03-12", 90)]);
    finds("12 de março de 2024", &[(Date, "12 de março de 2024", 95)]);
    finds("1º de ABRIL de 2024", &[(Date, "1º de ABRIL de 2024", 95)]);
    finds(
        "12\u{a0}de\u{a0}março\u{a0}de\u{a0}2024",
        &[(Date, "12\u{a0}de\u{a0}março\u{a0}de\u{a0}2024", 95)],
    );
    finds("12/mar/2024, 12 mar. 2024", &[(Date, "12/mar/2024", 95), (Date, "12 mar. 2024", 95)]);
    finds("5 de marc\u{327}o de 2024", &[(Date, "5 de marc\u{327}o de 2024", 95)]);
    finds("DN: 01/02/60", &[(Date, "01/02/60", 75)]);
    finds("12/03/2024 a 15/03/2024", &[(Date, "12/03/2024", 90), (Date, "15/03/2024", 90)]);
    finds("12/03/2024-15/03/2024", &[(Date, "12/03/2024", 90), (Date, "15/03/2024", 90)]);
    finds("29/02/2024", &[(Date, "29/02/2024", 90)]);
    finds("nascimento 31/02/1980", &[(Date, "31/02/1980", 40)]);
}

#[test]
fn refuses_what_is_no_date() {
    finds_nothing("29/02/2023");
    finds_nothing("32/01/2024");
    finds_nothing("12/13/2024");
    finds_nothing("12/03-2024");
    finds_nothing("01/02/60");
    finds_nothing("versão 1.2.3.2024");
    finds_nothing("32 de março de 2024");
    finds_nothing("março de 2024");
    finds_nothing("12 de março");
}

#[test]
fn finds_many_kinds_side_by_side() {
    finds(
        "Paciente Ana, CPF 529.982.247-25, CNS 898 0000 0004 3208, tel. (11) 98765-4321, \
         ana@exemplo.com.br, nascida em 3 de maio de 1990.",
        &[
            (Kind::Cpf, "529.982.247-25", 100),
            (Kind::Cns, "898 0000 0004 3208", 100),
            (Kind::Phone, "(11) 98765-4321", 90),
            (Kind::Email, "ana@exemplo.com.br", 98),
            (Kind::Date, "3 de maio de 1990", 95),
        ],
    );
}
