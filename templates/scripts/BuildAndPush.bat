@echo off
rem Step 5 of BioT's guide "Plugin Deployment" for a Docker image: build the image, push it, and print its imageTag.
rem The tag goes into the API call of step 6. `tox -e publish` does all of these steps.
rem
rem   scripts\BuildAndPush.bat -e staging
rem
rem The image is the same on every machine. What the repository has already is not sent again.
setlocal
cd /d "%~dp0.." || exit /b 1
where /q biot-plugin
if errorlevel 1 (
    call tox -qq -e image -- push %*
) else (
    call biot-plugin image push %*
)
exit /b %errorlevel%
