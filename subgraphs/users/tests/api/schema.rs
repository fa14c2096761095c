use users::graphql::sdl;

#[test]
fn the_subgraph_resolves_users_by_id() {
    let sdl = sdl();
    assert!(sdl.contains("type User @key(fields: \"id\")"), "{sdl}");
    for shape in [
        "viewer: User\n",
        "user(",
        "): User\n",
        "type UserConnection",
        "edges: [UserEdge!]!",
        "nodes: [User!]!",
        "totalCount: Int!",
        "type PageInfo @shareable",
        "type UserError @shareable",
    ] {
        assert!(sdl.contains(shape), "{shape} in\n{sdl}");
    }
}

#[test]
fn every_type_field_and_argument_is_described() {
    let sdl = sdl();
    let (mut described, mut within) = (false, false);
    let mut bare = Vec::new();
    for line in sdl
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("extend schema"))
    {
        if line == "\"\"\"" {
            // A description opens and closes on lines of its own.
            within = !within;
            described = true;
        } else if !within {
            let defines =
                line.starts_with("type ") || line.starts_with("input ") || line.contains(": ");
            // Arguments on lines of their own end with the type of their field.
            if defines && !described && !line.starts_with(')') {
                bare.push(line);
            }
            described = false;
        }
    }
    // async-graphql gives its connections no description.
    assert_eq!(bare, ["type UserConnection @shareable {"], "{sdl}");
}
