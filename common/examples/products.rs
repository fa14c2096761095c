//! The subgraph `products` of Apollo's subgraph compatibility suite, served as our subgraphs are: the same limits, the same
//! handler, the same server. `tests/conformance` runs the suite against it. What it answers is the suite's data set.

use std::process::ExitCode;

use async_graphql::{
    ComplexObject, EmptyMutation, EmptySubscription, ID, InputObject, Object, Schema, SimpleObject,
    TypeDirective,
};
use common::{
    auth::Verifier,
    clock::SystemClock,
    config::Env,
    graphql::{GraphqlService, routes, with_limits},
    server::{listen_addr, serve, with_basics},
    service::{self, StartError, bind},
    shutdown::Shutdown,
};

const DEFAULT_ADDRESS: ([u8; 4], u16) = ([127, 0, 0, 1], 4001);

#[TypeDirective(
    location = "Object",
    composable = "https://myspecs.dev/myCustomDirective/v1.0"
)]
fn custom() {}

#[derive(Clone, SimpleObject)]
#[graphql(directive = custom::apply())]
struct Product {
    id: ID,
    sku: Option<String>,
    package: Option<String>,
    variation: Option<ProductVariation>,
    dimensions: Option<ProductDimension>,
    #[graphql(provides = "totalProductsCreated")]
    created_by: Option<User>,
    #[graphql(tag = "internal")]
    notes: Option<String>,
    research: Vec<ProductResearch>,
}

#[derive(Clone, SimpleObject)]
struct DeprecatedProduct {
    sku: String,
    package: String,
    reason: Option<String>,
    created_by: Option<User>,
}

#[derive(Clone, SimpleObject)]
struct ProductVariation {
    id: ID,
}

#[derive(Clone, SimpleObject)]
struct ProductResearch {
    study: CaseStudy,
    outcome: Option<String>,
}

#[derive(Clone, SimpleObject)]
struct CaseStudy {
    case_number: ID,
    description: Option<String>,
}

#[derive(Clone, SimpleObject)]
#[graphql(shareable)]
struct ProductDimension {
    size: Option<String>,
    weight: Option<f64>,
    #[graphql(inaccessible)]
    unit: Option<String>,
}

#[derive(Clone, SimpleObject)]
#[graphql(complex, extends)]
struct User {
    #[graphql(external)]
    email: ID,
    #[graphql(override_from = "users")]
    name: Option<String>,
    #[graphql(external)]
    total_products_created: Option<i32>,
    #[graphql(external)]
    years_of_employment: i32,
}

#[ComplexObject]
impl User {
    #[graphql(requires = "totalProductsCreated yearsOfEmployment")]
    async fn average_products_created_per_year(&self) -> Option<i32> {
        self.total_products_created?
            .checked_div(self.years_of_employment)
    }
}

#[derive(SimpleObject)]
#[graphql(interface_object)]
struct Inventory {
    id: ID,
    deprecated_products: Vec<DeprecatedProduct>,
}

/// The key of a [`ProductVariation`].
#[derive(InputObject)]
struct VariationKey {
    id: ID,
}

/// The key of a [`CaseStudy`].
#[derive(InputObject)]
struct StudyKey {
    case_number: ID,
}

struct Query;

#[Object]
impl Query {
    async fn product(&self, id: ID) -> Option<Product> {
        find(|product| product.id == id)
    }

    #[graphql(deprecation = "Use product query instead")]
    async fn deprecated_product(&self, sku: String, package: String) -> Option<DeprecatedProduct> {
        deprecated(&sku, &package)
    }

    #[graphql(entity)]
    async fn product_by_id(&self, id: ID) -> Option<Product> {
        find(|product| product.id == id)
    }

    #[graphql(entity)]
    async fn product_by_package(&self, sku: String, package: String) -> Option<Product> {
        find(|product| {
            product.sku.as_ref() == Some(&sku) && product.package.as_ref() == Some(&package)
        })
    }

    #[graphql(entity)]
    async fn product_by_variation(&self, sku: String, variation: VariationKey) -> Option<Product> {
        find(|product| {
            let of = product.variation.as_ref().map(|variation| &variation.id);
            product.sku.as_ref() == Some(&sku) && of == Some(&variation.id)
        })
    }

    #[graphql(entity)]
    async fn deprecated_product_by_package(
        &self,
        sku: String,
        package: String,
    ) -> Option<DeprecatedProduct> {
        deprecated(&sku, &package)
    }

    #[graphql(entity)]
    async fn research_by_study(&self, study: StudyKey) -> Option<ProductResearch> {
        products()
            .into_iter()
            .flat_map(|product| product.research)
            .find(|research| research.study.case_number == study.case_number)
    }

    #[graphql(entity)]
    async fn user_by_email(
        &self,
        #[graphql(key)] email: ID,
        total_products_created: Option<i32>,
        years_of_employment: Option<i32>,
    ) -> Option<User> {
        let user = user();
        (user.email == email).then(|| User {
            total_products_created: total_products_created.or(user.total_products_created),
            years_of_employment: years_of_employment.unwrap_or(user.years_of_employment),
            ..user
        })
    }

    #[graphql(entity)]
    async fn inventory_by_id(&self, id: ID) -> Option<Inventory> {
        (id == "apollo-oss").then(|| Inventory {
            id,
            deprecated_products: vec![deprecated_product()],
        })
    }
}

fn find(is_meant: impl Fn(&Product) -> bool) -> Option<Product> {
    products().into_iter().find(is_meant)
}

fn deprecated(sku: &str, package: &str) -> Option<DeprecatedProduct> {
    let product = deprecated_product();
    (product.sku == sku && product.package == package).then_some(product)
}

fn products() -> [Product; 2] {
    let product = |name: &str, package: &str, variation: &str, study: (&str, &str)| Product {
        id: format!("apollo-{name}").into(),
        sku: Some(name.to_owned()),
        package: Some(package.to_owned()),
        variation: Some(ProductVariation {
            id: variation.into(),
        }),
        dimensions: Some(ProductDimension {
            size: Some("small".to_owned()),
            weight: Some(1.0),
            unit: Some("kg".to_owned()),
        }),
        created_by: Some(user()),
        notes: None,
        research: vec![ProductResearch {
            study: CaseStudy {
                case_number: study.0.into(),
                description: Some(study.1.to_owned()),
            },
            outcome: None,
        }],
    };
    [
        product(
            "federation",
            "@apollo/federation",
            "OSS",
            ("1234", "Federation Study"),
        ),
        product("studio", "", "platform", ("1235", "Studio Study")),
    ]
}

fn deprecated_product() -> DeprecatedProduct {
    DeprecatedProduct {
        sku: "apollo-federation-v1".to_owned(),
        package: "@apollo/federation-v1".to_owned(),
        reason: Some("Migrate to Federation V2".to_owned()),
        created_by: Some(user()),
    }
}

/// The number of products differs from what the subgraph `users` says, so that one sees who was asked.
fn user() -> User {
    User {
        email: "support@apollographql.com".into(),
        name: Some("Jane Smith".to_owned()),
        total_products_created: Some(1337),
        years_of_employment: 10,
    }
}

async fn run(env: Env, shutdown: Shutdown) -> Result<(), StartError> {
    let verifier = Verifier::from_env(&env, SystemClock::shared())?;
    let schema = with_limits(Schema::build(Query, EmptyMutation, EmptySubscription))
        .enable_federation()
        .finish();
    let listener = bind(listen_addr(&env, DEFAULT_ADDRESS.into())?).await?;
    let graph = routes(GraphqlService::new(schema, verifier, |request, _head| {
        request
    }));
    let routes = with_basics(graph, || async { true });
    serve(listener, routes, shutdown).await?;
    Ok(())
}

fn main() -> ExitCode {
    service::main("products", DEFAULT_ADDRESS.into(), run)
}
