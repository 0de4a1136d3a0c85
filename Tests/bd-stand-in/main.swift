print("bd")
