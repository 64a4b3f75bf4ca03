"""Courses in chat: finding one, taking a lesson at a time, getting help, finishing; and the files of courses."""
