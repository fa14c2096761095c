//! The page to explore the graph with.
