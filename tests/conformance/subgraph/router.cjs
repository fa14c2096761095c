// The suite takes the address of the subgraph from its environment, and that of the router from its source.
require('@apollo/federation-subgraph-compatibility-tests/dist/utils/client').ROUTER_URL = process.env.ROUTER_URL
