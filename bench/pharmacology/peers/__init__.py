"""The tools that the engine is measured against, one file a tool."""
