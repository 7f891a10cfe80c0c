use crate::house::*;

#[tokio::test]
async fn the_page_comes_with_its_guards_wherever_a_link_leads() {
    let house = House::start().await;
    for path in ["/", "/i/018f4d3e-0000-7000-8000-000000000001"] {
        let page = get(house.addr(), path).await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert!(page.header("permissions-policy").unwrap().contains("microphone=(self)"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    }
}

#[tokio::test]
async fn there_is_nothing_beside_the_page() {
    let house = House::start().await;
    for path in ["/nothing", "/assets/", "/../Cargo.toml", "/%2e%2e/Cargo.toml", "/i/"] {
        assert_eq!(get(house.addr(), path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn health_and_figures_are_there_for_machines() {
    let house = House::start().await;
    assert_eq!(get(house.addr(), "/healthz").await.body, "ok\n");
    assert_eq!(get(house.addr(), "/readyz").await.body, "ready\n");
    let made = house.session().await;
    let _studio = house.join(&made, protocol::grants::Role::Engineer, "Ada").await;
    let figures = get(house.addr(), "/metrics").await.body;
    for line in ["farfield_links 1", "farfield_joins_total 1", "farfield_media_cpu_seconds_total{shard=\"0\"} "] {
        assert!(figures.lines().any(|told| told.starts_with(line)), "{line} is not in\n{figures}");
    }
    assert!(figures.ends_with("# EOF\n"));
}
