import Egg

func agent(_ agent: Agent) {}
