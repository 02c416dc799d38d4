this is not swift {{
