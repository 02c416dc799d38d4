struct Registry {}
