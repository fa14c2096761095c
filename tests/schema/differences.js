// Where we judge a change otherwise than graphql-inspector 8, and why.

export const onPurpose = [
  {
    change: /^FIELD_ARGUMENT_ADDED /,
    theirs: 'dangerous',
    ours: 'safe',
    why: 'An argument that may be left out and has no default changes nothing for whoever leaves it out. It says so itself of input fields.',
  },
  {
    change: /^ENUM_VALUE_ADDED /,
    theirs: 'dangerous',
    ours: 'safe',
    why: 'A value that no field of the API has is only ever sent, so no client meets one that it does not know.',
  },
  {
    change: /^FIELD_ARGUMENT_DEFAULT_CHANGED /,
    theirs: 'dangerous',
    ours: 'safe',
    why: 'A required argument that gets a default was sent by every client before.',
  },
  {
    change: /^FIELD_ARGUMENT_DEFAULT_CHANGED /,
    theirs: 'dangerous',
    ours: 'breaking',
    why: 'A non-null argument that loses its default is required from now on, and whoever left it out is refused.',
  },
  {
    change: /^OBJECT_TYPE_INTERFACE_ADDED /,
    theirs: 'nothing',
    ours: 'dangerous',
    why: 'A new type that implements an interface of before comes where clients ask for that interface. It says only that the type is new.',
  },
  {
    change: /^OBJECT_TYPE_INTERFACE_ADDED /,
    theirs: 'dangerous',
    ours: 'safe',
    why: 'Where the interface is new itself, no client has asked for it.',
  },
  {
    change: /^DIRECTIVE_USAGE_SCALAR_(ADDED|REMOVED) /,
    theirs: 'nothing',
    ours: 'dangerous',
    why: 'Another URL of `@specifiedBy` is another format of the values. It reports the argument of the directive.',
  },
  {
    change: /^AUTHORIZATION_(ADDED|TIGHTENED) /,
    theirs: 'nothing',
    ours: 'breaking',
    why: 'Who may ask is in the supergraph, and not in the API schema that it compares.',
  },
];

/** Operations that we refuse and graphql-js does not. */
export const stricter = [
  {
    case: 'the subscription type is removed',
    operation: 'web/Said',
    why: 'graphql-js finds out only when the operation is executed that the schema has no such root type.',
  },
];
