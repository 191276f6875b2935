"""What a results file says, for people: `document` builds it once, and text, Markdown and HTML
are three ways to write the same document."""
