import NIOPosix
import Logging
