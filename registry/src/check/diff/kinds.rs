//! The kinds of change: the code of each, and the way around it.

macro_rules! kinds {
    ($($kind:ident $code:literal)*) => {
        /// What changed. The codes are graphql-inspector's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($kind),* }

        impl Kind {
            pub fn code(self) -> &'static str {
                match self { $(Self::$kind => $code),* }
            }
        }
    };
}

kinds! {
    DirectiveAdded "DIRECTIVE_ADDED"
    DirectiveArgumentAdded "DIRECTIVE_ARGUMENT_ADDED"
    DirectiveArgumentDefaultValueChanged "DIRECTIVE_ARGUMENT_DEFAULT_VALUE_CHANGED"
    DirectiveArgumentDescriptionChanged "DIRECTIVE_ARGUMENT_DESCRIPTION_CHANGED"
    DirectiveArgumentRemoved "DIRECTIVE_ARGUMENT_REMOVED"
    DirectiveArgumentTypeChanged "DIRECTIVE_ARGUMENT_TYPE_CHANGED"
    DirectiveDescriptionChanged "DIRECTIVE_DESCRIPTION_CHANGED"
    DirectiveLocationAdded "DIRECTIVE_LOCATION_ADDED"
    DirectiveLocationRemoved "DIRECTIVE_LOCATION_REMOVED"
    DirectiveRemoved "DIRECTIVE_REMOVED"
    DirectiveRepeatableAdded "DIRECTIVE_REPEATABLE_ADDED"
    DirectiveRepeatableRemoved "DIRECTIVE_REPEATABLE_REMOVED"
    DirectiveUsageArgumentAdded "DIRECTIVE_USAGE_ARGUMENT_DEFINITION_ADDED"
    DirectiveUsageArgumentRemoved "DIRECTIVE_USAGE_ARGUMENT_DEFINITION_REMOVED"
    DirectiveUsageEnumAdded "DIRECTIVE_USAGE_ENUM_ADDED"
    DirectiveUsageEnumRemoved "DIRECTIVE_USAGE_ENUM_REMOVED"
    DirectiveUsageEnumValueAdded "DIRECTIVE_USAGE_ENUM_VALUE_ADDED"
    DirectiveUsageEnumValueRemoved "DIRECTIVE_USAGE_ENUM_VALUE_REMOVED"
    DirectiveUsageFieldAdded "DIRECTIVE_USAGE_FIELD_DEFINITION_ADDED"
    DirectiveUsageFieldRemoved "DIRECTIVE_USAGE_FIELD_DEFINITION_REMOVED"
    DirectiveUsageInputFieldAdded "DIRECTIVE_USAGE_INPUT_FIELD_DEFINITION_ADDED"
    DirectiveUsageInputFieldRemoved "DIRECTIVE_USAGE_INPUT_FIELD_DEFINITION_REMOVED"
    DirectiveUsageInputObjectAdded "DIRECTIVE_USAGE_INPUT_OBJECT_ADDED"
    DirectiveUsageInputObjectRemoved "DIRECTIVE_USAGE_INPUT_OBJECT_REMOVED"
    DirectiveUsageInterfaceAdded "DIRECTIVE_USAGE_INTERFACE_ADDED"
    DirectiveUsageInterfaceRemoved "DIRECTIVE_USAGE_INTERFACE_REMOVED"
    DirectiveUsageObjectAdded "DIRECTIVE_USAGE_OBJECT_ADDED"
    DirectiveUsageObjectRemoved "DIRECTIVE_USAGE_OBJECT_REMOVED"
    DirectiveUsageScalarAdded "DIRECTIVE_USAGE_SCALAR_ADDED"
    DirectiveUsageScalarRemoved "DIRECTIVE_USAGE_SCALAR_REMOVED"
    DirectiveUsageUnionAdded "DIRECTIVE_USAGE_UNION_MEMBER_ADDED"
    DirectiveUsageUnionRemoved "DIRECTIVE_USAGE_UNION_MEMBER_REMOVED"
    EnumValueAdded "ENUM_VALUE_ADDED"
    EnumValueDeprecationReasonAdded "ENUM_VALUE_DEPRECATION_REASON_ADDED"
    EnumValueDeprecationReasonChanged "ENUM_VALUE_DEPRECATION_REASON_CHANGED"
    EnumValueDeprecationReasonRemoved "ENUM_VALUE_DEPRECATION_REASON_REMOVED"
    EnumValueDescriptionChanged "ENUM_VALUE_DESCRIPTION_CHANGED"
    EnumValueRemoved "ENUM_VALUE_REMOVED"
    FieldAdded "FIELD_ADDED"
    FieldArgumentAdded "FIELD_ARGUMENT_ADDED"
    FieldArgumentDefaultChanged "FIELD_ARGUMENT_DEFAULT_CHANGED"
    FieldArgumentDescriptionChanged "FIELD_ARGUMENT_DESCRIPTION_CHANGED"
    FieldArgumentRemoved "FIELD_ARGUMENT_REMOVED"
    FieldArgumentTypeChanged "FIELD_ARGUMENT_TYPE_CHANGED"
    FieldDeprecationAdded "FIELD_DEPRECATION_ADDED"
    FieldDeprecationReasonChanged "FIELD_DEPRECATION_REASON_CHANGED"
    FieldDeprecationRemoved "FIELD_DEPRECATION_REMOVED"
    FieldDescriptionAdded "FIELD_DESCRIPTION_ADDED"
    FieldDescriptionChanged "FIELD_DESCRIPTION_CHANGED"
    FieldDescriptionRemoved "FIELD_DESCRIPTION_REMOVED"
    FieldRemoved "FIELD_REMOVED"
    FieldTypeChanged "FIELD_TYPE_CHANGED"
    InputFieldAdded "INPUT_FIELD_ADDED"
    InputFieldDefaultValueChanged "INPUT_FIELD_DEFAULT_VALUE_CHANGED"
    InputFieldDescriptionAdded "INPUT_FIELD_DESCRIPTION_ADDED"
    InputFieldDescriptionChanged "INPUT_FIELD_DESCRIPTION_CHANGED"
    InputFieldDescriptionRemoved "INPUT_FIELD_DESCRIPTION_REMOVED"
    InputFieldRemoved "INPUT_FIELD_REMOVED"
    InputFieldTypeChanged "INPUT_FIELD_TYPE_CHANGED"
    ObjectTypeInterfaceAdded "OBJECT_TYPE_INTERFACE_ADDED"
    ObjectTypeInterfaceRemoved "OBJECT_TYPE_INTERFACE_REMOVED"
    SchemaMutationTypeChanged "SCHEMA_MUTATION_TYPE_CHANGED"
    SchemaQueryTypeChanged "SCHEMA_QUERY_TYPE_CHANGED"
    SchemaSubscriptionTypeChanged "SCHEMA_SUBSCRIPTION_TYPE_CHANGED"
    TypeAdded "TYPE_ADDED"
    TypeDescriptionAdded "TYPE_DESCRIPTION_ADDED"
    TypeDescriptionChanged "TYPE_DESCRIPTION_CHANGED"
    TypeDescriptionRemoved "TYPE_DESCRIPTION_REMOVED"
    TypeKindChanged "TYPE_KIND_CHANGED"
    TypeRemoved "TYPE_REMOVED"
    UnionMemberAdded "UNION_MEMBER_ADDED"
    UnionMemberRemoved "UNION_MEMBER_REMOVED"
}

impl Kind {
    /// How to get there without breaking or surprising anybody.
    pub fn instead(self) -> &'static str {
        match self {
            Self::FieldRemoved
            | Self::EnumValueRemoved
            | Self::FieldArgumentRemoved
            | Self::InputFieldRemoved => {
                "keep it, mark it `@deprecated(reason: …)` with what to use instead, and remove it when no operation uses it"
            }
            Self::TypeRemoved => {
                "deprecate the fields that lead to it, and remove both when no operation uses them"
            }
            Self::FieldTypeChanged => {
                "add a field of another name with the new type, and deprecate this one; a nullable field may become non-null"
            }
            Self::FieldArgumentTypeChanged | Self::InputFieldTypeChanged => {
                "add another one with the new type, and deprecate this one; a required one may become optional"
            }
            Self::FieldArgumentAdded | Self::InputFieldAdded => {
                "make it nullable without a default, and let leaving it out mean what was done before"
            }
            Self::FieldArgumentDefaultChanged
            | Self::InputFieldDefaultValueChanged
            | Self::DirectiveArgumentDefaultValueChanged => {
                "keep the default, or see that every client sends the value it means"
            }
            Self::EnumValueAdded | Self::UnionMemberAdded | Self::ObjectTypeInterfaceAdded => {
                "see that clients have a case for what they do not know before it is sent to them"
            }
            Self::TypeKindChanged => "add a type of another name, and fields that lead to it",
            Self::UnionMemberRemoved | Self::ObjectTypeInterfaceRemoved => {
                "keep it until no operation has a fragment on it; nothing has to be returned of it"
            }
            Self::DirectiveRemoved
            | Self::DirectiveLocationRemoved
            | Self::DirectiveArgumentRemoved
            | Self::DirectiveArgumentAdded
            | Self::DirectiveArgumentTypeChanged
            | Self::DirectiveRepeatableRemoved => "keep what operations may write until none does",
            Self::SchemaQueryTypeChanged
            | Self::SchemaMutationTypeChanged
            | Self::SchemaSubscriptionTypeChanged => "keep the root type and its name",
            _ => "see that no client relies on how it was",
        }
    }
}
