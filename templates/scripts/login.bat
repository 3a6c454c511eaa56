@echo off
rem Step 4 of BioT's guide "Plugin Deployment" for a Docker image: test the log-in to BioT's repository of images.
rem Nothing is stored, and no secret is printed: BuildAndPush and `tox -e publish` log in by themselves.
rem
rem   scripts\login.bat -e staging
rem
rem The credentials come from BioT's temp-credentials and stay in memory.
setlocal
cd /d "%~dp0.." || exit /b 1
where /q biot-plugin
if errorlevel 1 (
    call tox -qq -e image -- login %*
) else (
    call biot-plugin image login %*
)
exit /b %errorlevel%
