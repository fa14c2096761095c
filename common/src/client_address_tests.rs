use super::*;

fn proxies(list: &str) -> TrustedProxies {
    TrustedProxies::of_router(&Env::of([(NAME, list)])).unwrap()
}

fn client(trusted: &TrustedProxies, peer: &str, forwarded_for: &[&str]) -> String {
    let values = forwarded_for.iter().map(|value| value.as_bytes());
    trusted.client_of(peer.parse().unwrap(), values).to_string()
}

#[test]
fn nobody_is_trusted_by_the_router_and_this_machine_by_a_service() {
    let nothing = Env::default();
    let router = TrustedProxies::of_router(&nothing).unwrap();
    let service = TrustedProxies::of_service(&nothing).unwrap();
    for (peer, of_service) in [
        ("127.0.0.1", "1.2.3.4"),
        ("127.8.8.8", "1.2.3.4"),
        ("::1", "1.2.3.4"),
        ("::ffff:127.0.0.1", "1.2.3.4"),
        ("10.0.0.1", "10.0.0.1"),
    ] {
        assert_eq!(client(&service, peer, &["1.2.3.4"]), of_service, "{peer}");
        let peer_itself = ClientAddress::of(peer.parse().unwrap()).to_string();
        assert_eq!(client(&router, peer, &["1.2.3.4"]), peer_itself, "{peer}");
    }
}

#[test]
fn the_rightmost_stranger_is_the_client() {
    let trusted = proxies("10.0.0.0/8, 192.0.2.7, 2001:db8:1::/48");
    let cases: &[(&str, &[&str], &str)] = &[
        // Nobody vouches for what a stranger says.
        ("203.0.113.9", &["1.2.3.4"], "203.0.113.9"),
        ("203.0.113.9", &["10.0.0.2"], "203.0.113.9"),
        // One proxy, and what a client has put to the left of what it added.
        ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", &["1.2.3.4, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", &["1.2.3.4", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", &["10.0.0.5, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", &["nonsense,,203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", &["\u{e9}, 203.0.113.9"], "203.0.113.9"),
        // A chain of proxies.
        (
            "10.0.0.1",
            &["203.0.113.9, 192.0.2.7,10.9.9.9"],
            "203.0.113.9",
        ),
        (
            "10.0.0.1",
            &["203.0.113.9", "192.0.2.7", "10.9.9.9"],
            "203.0.113.9",
        ),
        (
            "2001:db8:1::1",
            &["1.2.3.4, 203.0.113.9, 10.0.0.3"],
            "203.0.113.9",
        ),
        // Only what a proxy knows: itself, or the proxies before it.
        ("10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.1", &[""], "10.0.0.1"),
        ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        // What is no address ends the list.
        ("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1"),
        ("10.0.0.1", &["203.0.113.9, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", &["203.0.113.9", "", "10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", &["203.0.113.9, \u{e9}"], "10.0.0.1"),
        ("10.0.0.1", &["203.0.113.9 10.0.0.2"], "10.0.0.1"),
    ];
    for (peer, forwarded_for, expected) in cases {
        let got = client(&trusted, peer, forwarded_for);
        assert_eq!(got, *expected, "{peer} says {forwarded_for:?}");
    }
}

#[test]
fn an_entry_is_understood_as_proxies_write_it() {
    let trusted = proxies("10.0.0.1");
    for (entry, expected) in [
        ("203.0.113.9", "203.0.113.9"),
        ("  203.0.113.9\t", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:4711", "203.0.113.9"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
    ] {
        assert_eq!(client(&trusted, "10.0.0.1", &[entry]), expected, "{entry}");
    }
    for nonsense in [
        "[203.0.113.9]",
        "203.0.113.9:",
        "203.0.113.9:99999",
        "203.0.113",
        "0xcb007109",
        "[2001:db8::1",
        "2001:db8::1]",
        "fe80::1%eth0",
        "localhost",
        "for=203.0.113.9",
        "203.0.113.0/24",
    ] {
        assert_eq!(
            client(&trusted, "10.0.0.1", &[nonsense]),
            "10.0.0.1",
            "{nonsense}"
        );
    }
}

#[test]
fn a_limit_counts_a_network_of_ipv6_as_one() {
    for (address, customer) in [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::", "2001:db8:1:2::"),
        ("::1", "::"),
    ] {
        let address = ClientAddress::of(address.parse().unwrap());
        assert_eq!(address.customer().to_string(), customer, "{address}");
    }
}

#[test]
fn what_is_not_a_list_of_networks_is_refused_by_name() {
    for (list, problem) in [
        ("localhost", "localhost"),
        ("*", "*"),
        ("10.0.0.0/33", "10.0.0.0/33"),
        ("10.0.0.1; 10.0.0.2", "10.0.0.1; 10.0.0.2"),
        ("10.0.0.1/8", "did you mean 10.0.0.0/8"),
        ("::ffff:10.0.0.0/104", "write it as an IPv4 network"),
        ("127.0.0.1, 10.0.0.0/", "10.0.0.0/"),
    ] {
        let error = TrustedProxies::of_router(&Env::of([(NAME, list)])).unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("TRUSTED_PROXIES is not usable: ") && error.contains(problem),
            "{error}"
        );
    }
    let mapped = proxies("::ffff:10.0.0.1,");
    assert_eq!(client(&mapped, "10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
}

#[test]
fn a_request_without_a_noted_peer_is_nobodys_in_particular() {
    let trusted = TrustedProxies::of_service(&Env::default()).unwrap();
    let headers = HeaderMap::from_iter([(FORWARDED_FOR, HeaderValue::from_static("203.0.113.9"))]);
    let mut extensions = Extensions::new();
    let client = trusted.client_of_request(&extensions, &headers);
    assert_eq!(client.to_string(), "0.0.0.0");
    extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))));
    let client = trusted.client_of_request(&extensions, &headers);
    assert_eq!(client.to_string(), "203.0.113.9");
}
