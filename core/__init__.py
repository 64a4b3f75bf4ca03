"""The product without chat: users, topics, requests, mentorships, sessions, ratings and their rules."""
