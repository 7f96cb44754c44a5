use souk_sdl::{Mapping, Options, compile, templates};

#[test]
fn every_template_compiles_without_a_warning_and_can_be_ordered() {
    assert_eq!(templates::ALL.len(), 5);
    for template in templates::ALL {
        let strict = Options { strict: true };
        let compiled = compile(template.text, &strict).unwrap_or_else(|found| {
            panic!("{}", found.render(template.name, template.text, false))
        });
        let order = compiled.order_groups(&Mapping::default()).unwrap();
        assert!(!order.groups.is_empty(), "{}", template.name);
        assert_eq!(templates::find(template.name), Some(template));
        assert!(template.text.lines().all(|line| line.len() <= 100), "{}", template.name);
    }
    assert_eq!(templates::find("nothing"), None);
}

#[test]
fn a_template_in_another_denom_differs_in_its_prices_denom_alone() {
    for template in templates::ALL {
        let denoms = |text: &str| {
            let compiled = compile(text, &Options { strict: true }).unwrap();
            compiled.order_groups(&Mapping::default()).unwrap().denom.to_string()
        };
        let atoms = template.priced_in("uatom");
        assert_eq!((denoms(template.text), denoms(&atoms)), ("usouk".into(), "uatom".into()));
        assert_eq!(atoms.replace("denom: uatom", "denom: usouk"), template.text);
    }
}
