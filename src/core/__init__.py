"""What does the connector decide, once every value has come in as an argument?"""
