//! How many items of a list a client asks for.

use std::borrow::Cow;

use async_graphql::{InputType, InputValueError, InputValueResult, Value, registry::Registry};

use crate::page::MAX_PAGE_SIZE;

/// The argument `first: Int = DEFAULT` of a list. The type is nullable, so that a variable `$first: Int` may be passed on
/// that has no value: async-graphql 7.2.1 takes it for null and refuses it where the type is `Int! = DEFAULT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First<const DEFAULT: i32>(pub i32);

impl<const DEFAULT: i32> First<DEFAULT> {
    /// What the list counts towards the limit of an operation when each of its items counts `item`. A number of items that
    /// is not possible is refused when the field is answered.
    pub fn cost(self, item: usize) -> usize {
        let most = u32::try_from(self.0).unwrap_or(1).clamp(1, MAX_PAGE_SIZE);
        item.saturating_mul(most as usize).saturating_add(1)
    }
}

impl<const DEFAULT: i32> Default for First<DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<const DEFAULT: i32> InputType for First<DEFAULT> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <Option<i32> as InputType>::type_name()
    }

    fn qualified_type_name() -> String {
        <Option<i32> as InputType>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Option<i32> as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let given = <Option<i32> as InputType>::parse(value).map_err(InputValueError::propagate)?;
        Ok(given.map_or_else(Self::default, Self))
    }

    fn to_value(&self) -> Value {
        self.0.to_value()
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}
