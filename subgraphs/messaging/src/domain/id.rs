kit::id!(ConversationId);
kit::id!(MessageId);
kit::id!(MentionId);
