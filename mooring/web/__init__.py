"""The servers: functions and health for the world, the console for whoever runs the host."""
