#include "egg_socketio.h"
