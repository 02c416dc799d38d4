import Egg

func alive(_ ctx: Context) { ctx.body = "alive" }
